create schema notifications;
grant usage on schema notifications to amrutam_app;
alter default privileges in schema notifications grant select, insert, update, delete on tables to amrutam_app;

-- The table moves with the letters that wait in it.
alter table identity.outgoing_mails set schema notifications;

-- The former name serves the previous version of the server, which may still run. It queues, locks and deletes through
-- the view. A later version drops it.
create view identity.outgoing_mails as
select id, sealed, attempts, next_attempt_at, created_at, parked_because from notifications.outgoing_mails;
grant select, insert, update, delete on identity.outgoing_mails to amrutam_app;

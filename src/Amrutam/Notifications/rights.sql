-- Generated from the migrated catalogue by ./x approve; reviewed, not edited.
grant delete, insert, select, update on table notifications.calendar_feeds to amrutam_app;
grant delete, insert, select, update on table notifications.outgoing_mails to amrutam_app;
alter default privileges in schema notifications grant delete, insert, select, update on tables to amrutam_app;
grant usage on schema notifications to amrutam_app;

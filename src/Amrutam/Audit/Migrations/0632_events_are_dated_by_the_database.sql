-- The database dates events: a server that is taken over cannot put one among those of last week. The clock's time and
-- not the transaction's, which a server could keep open. Demo data and imports, which bring their own times, are
-- written by the owner.
alter table audit.events alter column at set default clock_timestamp();
revoke insert (at) on audit.events from amrutam_app;

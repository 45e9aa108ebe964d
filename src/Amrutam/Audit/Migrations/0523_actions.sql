-- What other modules may know of the log: what was done to which thing, so that each can check that its own changes and
-- their events agree.
create view audit.actions as select position, at, actor_id, action, entity, entity_id from audit.events;
grant select on audit.actions to amrutam_app;

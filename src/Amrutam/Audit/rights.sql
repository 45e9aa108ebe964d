-- Generated from the migrated catalogue by ./x approve; reviewed, not edited.
grant execute on function audit.make_partitions(integer,integer) to amrutam_app;
grant execute on function audit.retire_partition(integer,text) to amrutam_app;
grant insert (action, actor_id, actor_role, details, entity, entity_id, trace_id), select on table audit.events to amrutam_app;
grant insert, select on table audit.seal_keys to amrutam_app;
grant insert, select on table audit.seals to amrutam_app;
grant select on table audit.actions to amrutam_app;
grant select on table audit.every_event to amrutam_app;
grant select on table audit.retired_events to amrutam_app;
grant select, update on table audit.verification to amrutam_app;
grant usage on schema audit to amrutam_app;

-- Generated from the migrated catalogue by ./x approve; reviewed, not edited.
grant delete, insert, select on table platform.parked_events to amrutam_app;
grant delete, insert, select, update on table platform.idempotency_keys to amrutam_app;
grant execute on function platform.stored_response(uuid,text,text,bytea) to public;
grant insert, select on table platform.imported_rows to amrutam_app;
grant insert, select, update on table platform.event_readers to amrutam_app;
grant insert, select, update on table platform.invariants to amrutam_app;
grant select on table platform.cursors to amrutam_app;
grant select on table platform.epochs to amrutam_app;
grant select on table platform.event_epochs to amrutam_app;
grant select on table platform.migrations to amrutam_app;
grant select on table platform.page_key to amrutam_app;
grant select on table platform.passed_over to amrutam_app;
grant select on table platform.schema_version to amrutam_app;
grant usage on schema platform to amrutam_app;

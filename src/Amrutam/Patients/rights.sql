-- Generated from the migrated catalogue by ./x approve; reviewed, not edited.
grant delete, insert, select, update on table patients.consents to amrutam_app;
grant delete, insert, select, update on table patients.dependants to amrutam_app;
grant delete, insert, select, update on table patients.guardians to amrutam_app;
grant delete, insert, select, update on table patients.patients to amrutam_app;
grant delete, insert, select, update on table patients.people to amrutam_app;
alter default privileges in schema patients grant delete, insert, select, update on tables to amrutam_app;
grant execute on function patients.age(date,integer,date) to public;
grant execute on function patients.held_alone_by(uuid) to public;
grant execute on function patients.held_by(uuid) to public;
grant execute on function patients.holds(uuid,uuid) to public;
grant execute on function patients.keep_own_record() to public;
grant execute on function patients.refusal_to_book_for(uuid,uuid) to public;
grant usage on schema patients to amrutam_app;

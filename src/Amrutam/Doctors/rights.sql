-- Generated from the migrated catalogue by ./x approve; reviewed, not edited.
grant delete, insert, select, update on table doctors.practitioners to amrutam_app;
grant delete, insert, select, update on table doctors.profiles to amrutam_app;
grant delete, insert, select, update on table doctors.words to amrutam_app;
alter default privileges in schema doctors grant delete, insert, select, update on tables to amrutam_app;
grant execute on function doctors.bookable_doctors(boolean) to public;
grant execute on function doctors.count_words() to public;
grant execute on function doctors.folded(text) to public;
grant execute on function doctors.in_devanagari(text) to public;
grant execute on function doctors.latin(text) to public;
grant execute on function doctors.query_of(text,text) to public;
grant execute on function doctors.query_of(text,text,boolean) to public;
grant execute on function doctors.registration_key(text,text) to public;
grant execute on function doctors.shown_profiles(boolean) to public;
grant execute on function doctors.shown_words(boolean) to public;
grant execute on function doctors.sound(text) to public;
grant usage on schema doctors to amrutam_app;

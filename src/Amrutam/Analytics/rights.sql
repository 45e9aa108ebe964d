-- Generated from the migrated catalogue by ./x approve; reviewed, not edited.
grant delete, insert, select, update on table analytics.attempts to amrutam_app;
grant delete, insert, select, update on table analytics.bookings to amrutam_app;
grant delete, insert, select, update on table analytics.daily to amrutam_app;
grant delete, insert, select, update on table analytics.visit_days to amrutam_app;
grant delete, insert, select, update on table analytics.visits to amrutam_app;
alter default privileges in schema analytics grant delete, insert, select, update on tables to amrutam_app;
grant usage on schema analytics to amrutam_app;

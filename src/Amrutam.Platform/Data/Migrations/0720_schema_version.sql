-- The version of the program that migrated this database, and the oldest one that works on its schema.
create table platform.schema_version (
    is_only boolean primary key default true check (is_only),
    version text not null,
    serves_from text not null,
    migrated_at timestamptz not null default now());
grant select on platform.schema_version to amrutam_app;

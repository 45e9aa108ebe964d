create schema toys;
grant usage on schema toys to amrutam_app;
alter default privileges in schema toys grant select, insert, update, delete on tables to amrutam_app;

create table toys.toys (
    id uuid primary key,
    owner_id uuid not null,
    name text not null
);
create index toys_by_owner on toys.toys (owner_id);

create table toys.totals (position bigint primary key);

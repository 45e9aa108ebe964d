-- The server serves as amrutam_app, which owns nothing. Whoever runs the migrations owns the schema.
do $$
begin
    if not exists (select from pg_roles where rolname = 'amrutam_app') then
        create role amrutam_app nologin;
    end if;
end $$;

create extension if not exists btree_gist with schema public;
create extension if not exists pg_trgm with schema public;

revoke create on schema public from public;
grant usage on schema platform to amrutam_app;
grant select on platform.migrations to amrutam_app;

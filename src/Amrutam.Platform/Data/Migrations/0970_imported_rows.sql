-- The rows that came with an import, under the ids that they have in the clinic's earlier system. So a second import of
-- the same files changes nothing, and a later file can name them.
create table platform.imported_rows (
    file text not null,
    external_id text not null,
    row_id uuid not null,
    imported_at timestamptz not null default now(),
    primary key (file, external_id)
);
grant select, insert on platform.imported_rows to amrutam_app;

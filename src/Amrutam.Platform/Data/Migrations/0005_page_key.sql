-- Seals the cursors of lists. In the database, because every replica must open what another sealed. Whoever can read it
-- here can read the lists too, so it gives nothing away; it only keeps clients from making up cursors.
create table platform.page_key (
    only_one boolean primary key default true check (only_one),
    key bytea not null check (length(key) = 32)
);

-- Two random UUIDs carry 244 bits from the strong generator; SHA-256 makes a key of them.
insert into platform.page_key (key) values (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
grant select on platform.page_key to amrutam_app;

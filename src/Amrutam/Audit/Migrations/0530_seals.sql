-- Where an event stands in the log is PostgreSQL's to say: a server that is taken over can add events, but not put them
-- among older ones. The time may be given, because demo data and imports bring their own.
revoke insert on audit.events from amrutam_app;
grant insert (at, actor_id, actor_role, action, entity, entity_id, details, trace_id) on audit.events to amrutam_app;

-- The keys that sign seals; the private half is sealed with a key that is not in the database.
create table audit.seal_keys (
    kid text primary key,
    public_key bytea not null,
    sealed bytea not null,
    created_at timestamptz not null default now()
);

-- A finished range of the log in the order of positions: everything after the seal before, through the last event here.
-- docs/audit-seal.md says what is hashed and signed.
create table audit.seals (
    number bigint primary key check (number > 0),
    position bigint not null,
    events int not null check (events > 0),
    events_before bigint not null,
    root bytea not null check (octet_length(root) = 32),
    previous bytea not null check (octet_length(previous) = 32),
    sealed_at timestamptz not null,
    kid text not null references audit.seal_keys,
    signature bytea not null,
    -- The hash and the position of each event, so that a broken one is named and not only noticed, and so that a proof
    -- reads one row instead of the whole range.
    leaves bytea not null check (octet_length(leaves) = 32 * events),
    positions bigint[] not null check (cardinality(positions) = events)
);
-- Hashes do not compress, so trying to would be wasted.
alter table audit.seals alter column leaves set storage external;

-- Which seal an event is in.
create unique index seals_by_range on audit.seals (position);

-- Nothing reads in this order any more, and each writer pays for an index.
drop index audit.events_in_order;

grant select, insert on audit.seal_keys, audit.seals to amrutam_app;

-- How far the check of the whole log has come, and what it found. Only a convenience: audit verify believes none of it.
create table audit.verification (
    only_one boolean primary key default true check (only_one),
    began_at timestamptz,
    through_seal bigint not null default 0,
    finished_at timestamptz,
    finished_seals bigint not null default 0,
    broken_seal bigint,
    broken_position bigint,
    broken_because text
);
insert into audit.verification default values;
grant select, update on audit.verification to amrutam_app;

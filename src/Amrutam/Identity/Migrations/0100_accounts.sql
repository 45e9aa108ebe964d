create schema identity;
grant usage on schema identity to amrutam_app;
alter default privileges in schema identity grant select, insert, update, delete on tables to amrutam_app;

create table identity.users (
    id uuid primary key,
    email text not null,
    normalized_email text not null,
    email_confirmed boolean not null default false,
    full_name text,
    role text not null check (role in ('patient', 'doctor', 'admin')),
    password_hash text,
    security_stamp text not null,
    concurrency_stamp text not null,
    two_factor_enabled boolean not null default false,
    suspended_at timestamptz,
    created_at timestamptz not null default now(),
    constraint email_already_registered unique (normalized_email)
);

-- A session is what one sign-in began; its refresh tokens are one family.
create table identity.sessions (
    id uuid primary key,
    user_id uuid not null references identity.users,
    -- api: bearer tokens. portal: the cookie of the web pages.
    kind text not null default 'api' check (kind in ('api', 'portal')),
    -- What the person recognises it by: the browser's family and the network, not the whole header and address.
    device text,
    network text,
    second_factor boolean not null default false,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz,
    ended_because text
);
create index sessions_of_a_user on identity.sessions (user_id);
create index sessions_lately_ended on identity.sessions (ended_at) where ended_at is not null;

-- Every replica keeps the ended sessions in memory. It is told here, so that no writer can forget to tell.
create function identity.tell_session_ended() returns trigger language plpgsql as $$
begin
    perform pg_notify('identity', 'ended ' || new.id);
    return null;
end $$;
create trigger tell_session_ended after update of ended_at on identity.sessions
    for each row when (old.ended_at is null and new.ended_at is not null)
    execute function identity.tell_session_ended();

-- Only hashes: a reader of this table cannot sign in with it.
create table identity.refresh_tokens (
    hash bytea primary key,
    session_id uuid not null references identity.sessions on delete cascade,
    issued_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz,
    successor_hash bytea,
    -- The successor, readable only with the token that it follows: an answer that got lost can be given again.
    successor_sealed bytea
);
create index refresh_tokens_of_a_session on identity.refresh_tokens (session_id);

-- Counts per address and per account, kept here so that they hold on all replicas together. Keys are hashes.
create table identity.attempts (
    what text not null,
    who bytea not null,
    count int not null,
    since timestamptz not null,
    blocked_until timestamptz,
    -- Whether the latest attempt came while blocked; the statement that counts reads its answer here.
    refused boolean not null default false,
    primary key (what, who)
) with (fillfactor = 70);
create index attempts_by_age on identity.attempts (since);

-- Private keys are sealed with the key-encryption key, which is not in the database.
create table identity.signing_keys (
    kid text primary key,
    sealed bytea not null,
    created_at timestamptz not null default now(),
    activates_at timestamptz not null,
    -- When the last token that it signed has expired; null while it signs.
    retires_at timestamptz,
    revoked_at timestamptz
);

create function identity.tell_keys_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('identity', 'keys');
    return null;
end $$;
create trigger tell_keys_changed after insert or update or delete on identity.signing_keys
    for each statement execute function identity.tell_keys_changed();

-- The keys of cookies and antiforgery tokens, sealed likewise inside the XML that the framework makes.
create table identity.data_protection_keys (
    name text primary key,
    element text not null,
    created_at timestamptz not null default now()
);

-- What other modules may know of a person.
create view identity.people as select id, full_name, role, suspended_at from identity.users;
grant select on identity.people to amrutam_app;

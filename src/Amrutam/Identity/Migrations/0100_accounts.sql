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
    lockout_end timestamptz,
    lockout_enabled boolean not null default true,
    access_failed_count int not null default 0,
    suspended_at timestamptz,
    created_at timestamptz not null default now(),
    constraint email_already_registered unique (normalized_email)
);

-- A session is what one sign-in began; its refresh tokens are one family.
create table identity.sessions (
    id uuid primary key,
    user_id uuid not null references identity.users,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    ended_at timestamptz,
    ended_because text
);
create index sessions_of_a_user on identity.sessions (user_id);

-- What other modules may know of a person.
create view identity.people as select id, full_name, role, suspended_at from identity.users;
grant select on identity.people to amrutam_app;

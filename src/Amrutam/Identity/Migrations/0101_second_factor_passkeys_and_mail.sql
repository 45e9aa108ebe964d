alter table identity.users
    add column deletion_due_at timestamptz,
    add column erased_at timestamptz;
create index users_to_erase on identity.users (deletion_due_at) where deletion_due_at is not null;
create index admins on identity.users (id) where role = 'admin' and suspended_at is null and erased_at is null;
create index users_by_address_or_name on identity.users
    using gin ((normalized_email || ' ' || coalesce(upper(full_name), '')) gin_trgm_ops);

-- One authenticator app per account. The secret is sealed with the key-encryption key.
create table identity.authenticators (
    user_id uuid primary key references identity.users,
    sealed bytea not null,
    confirmed_at timestamptz,
    -- The latest time step whose code was taken: no code is taken twice.
    last_step bigint not null default 0,
    created_at timestamptz not null default now()
);

-- Codes have 120 random bits, so a plain hash hides them.
create table identity.recovery_codes (
    user_id uuid not null references identity.users,
    hash bytea not null,
    used_at timestamptz,
    primary key (user_id, hash)
);

create table identity.passkeys (
    credential_id bytea primary key,
    user_id uuid not null references identity.users,
    -- The public key, the counter and the name, in the form of ASP.NET Core Identity.
    data jsonb not null
);
create index passkeys_of_a_user on identity.passkeys (user_id);

-- What was asked of an authenticator; each is answered once at most.
create table identity.passkey_challenges (
    id uuid primary key,
    state text not null,
    user_id uuid references identity.users,
    expires_at timestamptz not null
);

-- What a message carries: single-use, short-lived, worth nothing once the account has changed.
create table identity.mailed_tokens (
    hash bytea primary key,
    user_id uuid not null references identity.users,
    purpose text not null check (purpose in ('verify_email', 'reset_password', 'change_email')),
    new_email text,
    security_stamp text not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index refresh_tokens_by_end on identity.refresh_tokens (expires_at);
create index mailed_tokens_of_a_user on identity.mailed_tokens (user_id);

create table identity.invitations (
    id uuid primary key,
    hash bytea not null unique,
    email text not null,
    role text not null check (role in ('doctor', 'admin')),
    invited_by uuid not null references identity.users,
    expires_at timestamptz not null,
    accepted_at timestamptz
);

-- Messages on their way, written in the transaction that gives cause for them. Sealed: they carry tokens and addresses.
create table identity.outgoing_mails (
    id uuid primary key,
    sealed bytea not null,
    attempts int not null default 0,
    next_attempt_at timestamptz not null default now(),
    created_at timestamptz not null default now()
);
create index outgoing_mails_next on identity.outgoing_mails (next_attempt_at);

-- Private addresses of a person's visits, for calendar programs. The token in the address is kept as a hash.
create table notifications.calendar_feeds (
    id uuid primary key,
    account_id uuid not null,
    -- The role whose visits the feed has. It works while the account has this role.
    role text not null check (role in ('patient', 'doctor')),
    token_hash bytea not null unique,
    detail text not null check (detail in ('discreet', 'full')),
    name text,
    created_at timestamptz not null default now(),
    -- Names of patients would leave the clinic with each poll, and no event would say so.
    constraint calendars_of_doctors_are_discreet check (role = 'patient' or detail = 'discreet')
);
create index calendar_feeds_of_an_account on notifications.calendar_feeds (account_id);

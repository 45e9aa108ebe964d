create schema analytics;
grant usage on schema analytics to amrutam_app;
alter default privileges in schema analytics grant select, insert, update, delete on tables to amrutam_app;

-- What is known of each booking from its events: enough to take back what it counted for when its outcome changes.
create table analytics.bookings (
    id uuid primary key,
    booked_on date not null,
    starts_at timestamptz not null,
    lead text not null,
    specialization text not null,
    outcome text not null
) with (fillfactor = 90);

-- Everything that is counted: how many (n) of which kind (key) of what (measure) a day added. Keys are words of the
-- program or names that doctors chose for their field; never a person's.
create table analytics.daily (
    measure text not null,
    key text not null,
    day date not null,
    n bigint not null,
    primary key (measure, key, day)
) with (fillfactor = 70);

-- Requests to book by what came of them. Not from events: a refusal changes nothing, so it leaves none.
create table analytics.attempts (
    day date not null,
    outcome text not null,
    n bigint not null,
    primary key (day, outcome)
) with (fillfactor = 70);

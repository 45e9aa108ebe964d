-- What is known of each booking from its events: enough to take back what it counted for when it changes.
create table analytics.visits (
    id uuid primary key,
    doctor_id uuid not null,
    starts_at timestamptz not null,
    day date not null,
    outcome text not null
) with (fillfactor = 90);

-- For dating the visits of a doctor again, whose time zone changed.
create index visits_of_doctor on analytics.visits (doctor_id);

-- How many visits (n) of a doctor fell on a day of the doctor's calendar, by their outcome.
create table analytics.visit_days (
    day date not null,
    doctor_id uuid not null,
    outcome text not null,
    n bigint not null,
    primary key (day, doctor_id, outcome)
) with (fillfactor = 70);

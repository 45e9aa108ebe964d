-- A doctor's weekly rules. One document, because the set is replaced and read as a whole; the program checks it first.
create table scheduling.availability (
    doctor_id uuid primary key,
    rules jsonb not null default '[]' check (jsonb_typeof(rules) = 'array'),
    minimum_notice_minutes int not null default 0 check (minimum_notice_minutes between 0 and 43200),
    horizon_days int not null default 60 check (horizon_days between 1 and 400),
    -- Grows with every replacement: the ETag.
    revision bigint not null default 1,
    -- When the slots ahead are due again, and the zone that they were last made in.
    due_at timestamptz not null default now(),
    made_in_zone text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index availability_by_due on scheduling.availability (due_at);

-- When a doctor is away, whatever the rules say.
create table scheduling.time_off (
    id uuid primary key,
    doctor_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    created_at timestamptz not null default now(),
    constraint time_off_is_not_empty check (starts_at < ends_at)
);
create index time_off_of_a_doctor on scheduling.time_off (doctor_id, ends_at);

-- from_rules: made from the rules and taken back with them; a slot published by hand stays apart.
-- bookable_until: the minimum notice, as an instant; null for until it starts.
-- closed_because: null when the doctor closed it by hand, and then no rule opens that time again.
alter table scheduling.slots
    add from_rules boolean not null default false,
    add bookable_until timestamptz,
    add closed_because text check (closed_because in ('rules', 'time_off')),
    add constraint open_slot_has_no_reason_to_be_closed check (closed_at is not null or closed_because is null);

-- What other modules may know of a slot: that it can be booked. Whether it has begun is asked by whoever reads it.
create or replace view scheduling.open_slots as
select id, doctor_id, starts_at, ends_at from scheduling.slots
 where closed_at is null and booking_id is null and (held_until is null or held_until <= now())
   and (bookable_until is null or bookable_until > now());
grant select on scheduling.open_slots to amrutam_app;

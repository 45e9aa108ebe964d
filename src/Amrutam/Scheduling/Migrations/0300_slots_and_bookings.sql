create schema scheduling;
grant usage on schema scheduling to amrutam_app;
alter default privileges in schema scheduling grant select, insert, update, delete on tables to amrutam_app;

-- A stretch of a doctor's time that one patient can book. What changes when a slot is booked, held or freed stands in
-- no index, so that the update stays on its page (fillfactor).
create table scheduling.slots (
    id uuid primary key,
    doctor_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    booking_id uuid,
    -- Who holds the slot: a patient who is choosing, or a request (its id, and booking_id too) that awaits its answer.
    held_by uuid,
    held_until timestamptz,
    closed_at timestamptz,
    created_at timestamptz not null default now(),
    constraint slot_is_not_empty check (starts_at < ends_at),
    constraint slot_is_at_most_12_hours check (ends_at - starts_at <= interval '12 hours'),
    constraint hold_has_holder_and_end check ((held_by is null) = (held_until is null)),
    constraint closed_slot_is_not_booked check (closed_at is null or booking_id is null),
    -- [) so that one slot may end when the next begins.
    constraint slots_of_a_doctor_do_not_overlap exclude using gist (doctor_id with =,
         tstzrange(starts_at, ends_at, '[)') with &&)
        where (closed_at is null)
) with (fillfactor = 85);

create index slots_of_a_doctor_by_time on scheduling.slots (doctor_id, starts_at);
-- Of the held ones alone: for a slot that nobody held, being booked changes nothing here.
create index slots_of_a_holder on scheduling.slots (held_by) where held_by is not null;

-- Whose open slot comes next, over all doctors: walked from now on, it finds the first few without asking ten thousand.
create index slots_by_time on scheduling.slots (starts_at, doctor_id) where closed_at is null;

-- What other modules may know of a slot: that it can be booked. Whether it has begun is asked by whoever reads it.
create view scheduling.open_slots as
select id, doctor_id, starts_at, ends_at from scheduling.slots
 where closed_at is null and booking_id is null and (held_until is null or held_until <= now());
grant select on scheduling.open_slots to amrutam_app;

create table scheduling.bookings (
    id uuid primary key,
    slot_id uuid not null references scheduling.slots,
    doctor_id uuid not null,
    patient_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- Active are all but cancelled, declined and expired; which step leads where is told by LifeCycle.
    status text not null default 'confirmed' check (status in ('requested', 'confirmed', 'checked_in', 'in_progress',
        'completed', 'no_show', 'cancelled', 'declined', 'expired')),
    -- When a request that nobody answered is over, by the database's clock.
    expires_at timestamptz,
    series_id uuid,
    reason text,
    cancellation_reason text,
    cancelled_minutes_ahead int,
    cancelled_by text check (cancelled_by in ('patient', 'doctor', 'admin')),
    no_show_party text check (no_show_party in ('patient', 'doctor')),
    revision int not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint booking_is_not_empty check (starts_at < ends_at),
    constraint request_expires check (status <> 'requested' or expires_at is not null),
    constraint bookings_of_a_patient_do_not_overlap exclude using gist (patient_id with =,
         tstzrange(starts_at, ends_at, '[)') with &&)
        where (status not in ('cancelled', 'declined', 'expired'))
) with (fillfactor = 90);

create unique index one_active_booking_per_slot on scheduling.bookings (slot_id)
    where status not in ('cancelled', 'declined', 'expired');
create index requests_by_expiry on scheduling.bookings (expires_at) where status = 'requested';
create index bookings_of_a_patient on scheduling.bookings (patient_id, starts_at);
create index bookings_of_a_doctor on scheduling.bookings (doctor_id, starts_at);

-- What a keyed request was answered, byte for byte (text, because jsonb would reorder it).
create table scheduling.idempotency_keys (
    user_id uuid not null,
    route text not null,
    key text not null,
    fingerprint bytea not null,
    status int not null,
    body text not null,
    location text,
    booking_id uuid,
    created_at timestamptz not null default now(),
    replayed_at timestamptz,
    primary key (user_id, route, key)
) with (fillfactor = 90);
create index idempotency_keys_by_age on scheduling.idempotency_keys using brin (created_at);

-- Who waits for a slot: of a doctor or of a specialization, in a range of times; with a booking to be moved to it, or
-- without one.
create table scheduling.waitlist_entries (
    id uuid primary key,
    patient_id uuid not null,
    doctor_id uuid,
    specialization text,
    booking_id uuid references scheduling.bookings,
    starts_from timestamptz not null,
    starts_until timestamptz not null,
    status text not null default 'waiting' check (status in ('waiting', 'offered', 'accepted', 'left', 'lapsed')),
    passes int not null default 0,
    created_at timestamptz not null default now(),
    -- When the job last looked for a slot; it takes the longest unseen first.
    looked_at timestamptz not null default now(),
    constraint waits_for_a_doctor_or_a_specialization check (num_nonnulls(doctor_id, specialization) = 1),
    constraint waitlist_range_is_not_empty check (starts_from < starts_until)
) with (fillfactor = 80);
create index waitlist_of_a_doctor on scheduling.waitlist_entries (doctor_id, created_at) where status = 'waiting';
create index waitlist_of_a_specialization on scheduling.waitlist_entries (lower(specialization), created_at)
    where status = 'waiting';
create index waitlist_of_a_patient on scheduling.waitlist_entries (patient_id, created_at);
create index waitlist_unseen on scheduling.waitlist_entries (looked_at) where status = 'waiting';

-- A slot held for somebody on the list. The keys are the rules: no slot is offered twice to one entry, none to two at
-- once, and an entry has one offer at a time.
create table scheduling.waitlist_offers (
    entry_id uuid not null references scheduling.waitlist_entries,
    slot_id uuid not null,
    offered_at timestamptz not null default now(),
    expires_at timestamptz not null,
    outcome text check (outcome in ('accepted', 'passed', 'withdrawn')),
    ended_at timestamptz,
    constraint no_slot_is_offered_twice primary key (entry_id, slot_id)
);
create unique index one_open_offer_per_slot on scheduling.waitlist_offers (slot_id) where outcome is null;
create unique index one_open_offer_per_entry on scheduling.waitlist_offers (entry_id) where outcome is null;

-- The clinic's kinds of visit. A kind is never deleted: a booking keeps the kind's id and a copy of its values.
create table scheduling.visit_types (
    id uuid primary key,
    name text not null,
    description text,
    minutes int not null,
    mode text not null check (mode in ('video', 'phone', 'in_person')),
    address text,
    -- False: a follow-up, which needs a completed visit with the same doctor within so many days before it.
    first boolean not null,
    follow_up_within_days int,
    bookable_by text not null check (bookable_by in ('patients', 'staff')),
    -- Null: the clinic states no price.
    fee_minor int,
    currency text not null,
    buffer_before_minutes int not null,
    buffer_after_minutes int not null,
    -- Null: the doctor's own rule counts.
    minimum_notice_minutes int,
    cancellation_window_minutes int,
    requires_confirmation boolean,
    active boolean not null,
    revision int not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint visit_takes_5_minutes_to_12_hours
        check (minutes >= 5 and minutes + buffer_before_minutes + buffer_after_minutes <= 720),
    constraint buffer_is_not_negative check (buffer_before_minutes >= 0 and buffer_after_minutes >= 0),
    constraint fee_is_not_negative check (fee_minor >= 0),
    constraint only_a_visit_in_person_has_an_address check (address is null or mode = 'in_person'),
    constraint only_a_follow_up_has_its_days check (first = (follow_up_within_days is null))
);
create index visit_types_by_name on scheduling.visit_types (lower(name), id);
revoke delete on scheduling.visit_types from amrutam_app;

-- Each version of a kind, the present one included.
create table scheduling.visit_type_versions (
    visit_type_id uuid not null references scheduling.visit_types,
    revision int not null,
    content jsonb not null,
    at timestamptz not null default now(),
    primary key (visit_type_id, revision)
);
revoke update, delete on scheduling.visit_type_versions from amrutam_app;

-- The kinds that a doctor offers, in the doctor's order. A length and a price are the doctor's own where they are set.
create table scheduling.doctor_visit_types (
    doctor_id uuid not null,
    visit_type_id uuid not null references scheduling.visit_types,
    position int not null,
    minutes int,
    fee_minor int,
    created_at timestamptz not null default now(),
    primary key (doctor_id, visit_type_id),
    constraint own_fee_is_not_negative check (fee_minor >= 0),
    constraint own_length_is_5_minutes_to_12_hours check (minutes between 5 and 720)
);
create index doctors_of_a_visit_type on scheduling.doctor_visit_types (visit_type_id, doctor_id);

-- A doctor's kinds with the length and the price that count for this doctor.
create view scheduling.visit_types_of_doctors as
select o.doctor_id, o.position, v.id, v.name, v.description, coalesce(o.minutes, v.minutes) as minutes, v.mode,
       v.address, v.first, v.follow_up_within_days, v.bookable_by, coalesce(o.fee_minor, v.fee_minor) as fee_minor,
       v.currency, v.buffer_before_minutes, v.buffer_after_minutes, v.minimum_notice_minutes,
       v.cancellation_window_minutes, v.requires_confirmation, v.active, v.revision
  from scheduling.doctor_visit_types o join scheduling.visit_types v on v.id = o.visit_type_id;

-- Those that can be booked.
create view scheduling.offered_visit_types as
select * from scheduling.visit_types_of_doctors where active;

-- The kind of a booking that names none: the first in the doctor's order that patients can book. No row for a doctor
-- who offers none.
create function scheduling.default_visit_type(doctor uuid) returns setof scheduling.offered_visit_types
language sql stable as $$
    select v.* from scheduling.offered_visit_types v
     where v.doctor_id = doctor and v.bookable_by = 'patients' order by v.position limit 1
$$;

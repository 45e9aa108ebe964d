-- A visit that was moved to another doctor, as its former doctor keeps it: when and with whom it would have been, and
-- nothing that the patient wrote.
create table scheduling.moved_bookings (
    booking_id uuid not null references scheduling.bookings,
    -- The booking's revision after the move.
    revision int not null,
    doctor_id uuid not null,
    patient_id uuid not null,
    slot_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    booked_at timestamptz not null,
    moved_at timestamptz not null default now(),
    primary key (booking_id, revision)
);
create index moved_bookings_of_a_doctor on scheduling.moved_bookings (doctor_id, starts_at, booking_id);
create index moved_bookings_of_a_patient on scheduling.moved_bookings (patient_id);

-- These records with the columns of bookings, and a doctor's bookings with them.
create view scheduling.bookings_moved_away as
select m.booking_id as id, m.slot_id, m.doctor_id, m.patient_id, m.starts_at, m.ends_at, 'moved'::text as status,
       null::timestamptz as expires_at, null::uuid as series_id, null::text as reason,
       null::text as cancellation_reason, null::int as cancelled_minutes_ahead, null::text as cancelled_by,
       null::text as no_show_party, m.revision, m.booked_at as created_at
  from scheduling.moved_bookings m;

create view scheduling.bookings_of_doctors as
select b.id, b.slot_id, b.doctor_id, b.patient_id, b.starts_at, b.ends_at, b.status, b.expires_at, b.series_id,
       b.reason, b.cancellation_reason, b.cancelled_minutes_ahead, b.cancelled_by, b.no_show_party, b.revision,
       b.created_at
  from scheduling.bookings b
union all
select * from scheduling.bookings_moved_away;

-- What a doctor asks of those who book. A doctor without a row asks nothing.
create table scheduling.booking_policies (
    doctor_id uuid primary key,
    cancellation_window interval not null default '0',
    requires_confirmation boolean not null default false,
    confirmation_time interval not null default '1 day',
    revision int not null default 1,
    updated_at timestamptz not null default now(),
    constraint window_is_not_negative check (cancellation_window >= '0'),
    constraint confirmation_takes_time check (confirmation_time > '0')
);

-- Every change of a booking after it was made: what a person reads as its history, and what the last step can be
-- undone by.
create table scheduling.booking_steps (
    booking_id uuid not null references scheduling.bookings,
    revision int not null,
    action text not null,
    from_status text not null,
    to_status text not null,
    -- Where it lay before, when it was moved.
    from_slot_id uuid,
    from_starts_at timestamptz,
    actor_id uuid,
    actor_role text,
    reason text,
    at timestamptz not null default now(),
    primary key (booking_id, revision)
);

-- The open slots ahead, with what decides whether a patient may and wants to book them.
create view scheduling.bookable_slots as
select s.id, s.doctor_id, s.starts_at, s.ends_at, d.specialization, d.time_zone, d.verified,
       coalesce(p.requires_confirmation, false) as requires_confirmation
  from scheduling.open_slots s
  join doctors.practitioners d on d.id = s.doctor_id
  left join scheduling.booking_policies p on p.doctor_id = s.doctor_id
 where s.starts_at > statement_timestamp();
grant select on scheduling.bookable_slots to amrutam_app;

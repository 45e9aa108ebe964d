-- An account books for its own record or for a dependant. A booking keeps the account that made it; null stands for the
-- patient's own, as every booking of earlier versions is.
alter table scheduling.bookings add column booked_by uuid,
    add constraint own_bookings_name_no_account check (booked_by <> patient_id) not valid;
alter table scheduling.moved_bookings add column booked_by uuid;

-- The bookings that accounts made for others, for their limits. An own booking is not among them.
create index bookings_made_for_others on scheduling.bookings (booked_by, starts_at) where booked_by is not null;

-- The cancellations of an account as a patient, of bookings that it made, newest at the end.
create index cancellations_of_an_account on scheduling.bookings ((coalesce(booked_by, patient_id)), updated_at)
    where status = 'cancelled' and cancelled_by = 'patient';
drop index scheduling.cancellations_of_a_patient;

create or replace view scheduling.bookings_moved_away as
select m.booking_id as id, m.slot_id, m.doctor_id, m.patient_id, m.starts_at, m.ends_at, 'moved'::text as status,
       null::timestamptz as expires_at, null::uuid as series_id, null::text as reason,
       null::text as cancellation_reason, null::int as cancelled_minutes_ahead, null::text as cancelled_by,
       null::text as no_show_party, m.revision, m.booked_at as created_at, m.booked_by
  from scheduling.moved_bookings m;

create or replace view scheduling.bookings_of_doctors as
select b.id, b.slot_id, b.doctor_id, b.patient_id, b.starts_at, b.ends_at, b.status, b.expires_at, b.series_id,
       b.reason, b.cancellation_reason, b.cancelled_minutes_ahead, b.cancelled_by, b.no_show_party, b.revision,
       b.created_at, b.booked_by
  from scheduling.bookings b
union all
select * from scheduling.bookings_moved_away;

-- A booking is open while it is ahead and counts against the limits. A series has a limit of its own.
create function scheduling.is_open(status text, starts_at timestamptz, series_id uuid, expires_at timestamptz)
returns boolean language sql stable parallel safe
    return starts_at > statement_timestamp() and series_id is null and status in ('requested', 'confirmed')
       and not scheduling.has_expired(status, expires_at);

-- The open bookings of an account: those of its own record, and those that it made for others.
create function scheduling.open_bookings_of_account(account uuid)
returns setof scheduling.bookings language sql stable as $$
    select b.* from scheduling.bookings b
     where b.patient_id = account and scheduling.is_open(b.status, b.starts_at, b.series_id, b.expires_at)
    union all
    select b.* from scheduling.bookings b
     where b.booked_by = account and scheduling.is_open(b.status, b.starts_at, b.series_id, b.expires_at)
$$;

-- An account's cancellations of the last hour, as a patient, of its bookings that had not begun. A series that is
-- cancelled counts once, however many visits it has.
create function scheduling.recent_cancellations_of_account(account uuid)
returns setof scheduling.bookings language sql stable as $$
    select distinct on (coalesce(b.series_id, b.id)) b.* from scheduling.bookings b
     where coalesce(b.booked_by, b.patient_id) = account and b.status = 'cancelled' and b.cancelled_by = 'patient'
       and b.updated_at > statement_timestamp() - interval '1 hour'
       and b.starts_at > statement_timestamp() - interval '1 hour'
     order by coalesce(b.series_id, b.id), b.updated_at
$$;

-- When an account gave up slots within the hour: by cancelling, by holds that nobody booked, and by offers that it did
-- not accept. The holds of an account are under its id, whichever patient they were for.
create function scheduling.slots_given_up_by_account(account uuid) returns table (at timestamptz)
language sql stable as $$
    select b.updated_at from scheduling.recent_cancellations_of_account(account) b
    union all
    select h.ended_at from scheduling.recent_holds h
     where h.patient_id = account and h.ended_at <= statement_timestamp()
       and h.ended_at > statement_timestamp() - interval '1 hour'
       and not exists (select from scheduling.slots t where t.id = h.slot_id and t.booking_id is not null)
    union all
    select o.ended_at from scheduling.waitlist_entries e join scheduling.waitlist_offers o on o.entry_id = e.id
     where e.patient_id = account and o.outcome <> 'accepted'
       and o.ended_at > statement_timestamp() - interval '1 hour'
$$;

-- The names of the previous version, which knows an account's own patient alone. It calls one of them, and its rights
-- name all.
create or replace function scheduling.open_bookings_of_patient(patient uuid)
returns setof scheduling.bookings language sql stable as $$
    select * from scheduling.open_bookings_of_account(patient)
$$;
create or replace function scheduling.recent_cancellations_of_patient(patient uuid)
returns setof scheduling.bookings language sql stable as $$
    select * from scheduling.recent_cancellations_of_account(patient)
$$;
create or replace function scheduling.slots_given_up_by_patient(patient uuid) returns table (at timestamptz)
language sql stable as $$
    select * from scheduling.slots_given_up_by_account(patient)
$$;

-- Whether an account may have a slot for a patient: the judgement of 0750 with two persons. The overlap is the
-- patient's. The hold, the limits and the cool-down are the account's. The caller has locked the slot, the patient and
-- the account. The first question is whether the account may book for the patient; a booking that is moved was made
-- while it might. For the account's own patient it reads nothing.
create function scheduling.bookability(slot uuid, patient uuid, account uuid, moved uuid, by_patient boolean,
    verified_only boolean, open_limit int, open_limit_per_doctor int, cancellation_limit int)
returns table (refusal text, doctor_id uuid, starts_at timestamptz, ends_at timestamptz, held_until timestamptz,
    address tid) language sql stable as $$
    select case when by_patient and account <> patient and moved is null
                     and patients.refusal_to_book_for(account, patient) is not null
                    then patients.refusal_to_book_for(account, patient)
                when s.id is null then 'not_found'
                when s.doctor_id = patient then 'nobody_books_themself'
                when d.id is null then 'doctor_is_not_bookable'
                when scheduling.slot_state(s) = 'closed' then 'slot_is_closed'
                when s.starts_at <= statement_timestamp() then 'slot_has_started'
                when s.booking_id is not null then 'one_active_booking_per_slot'
                when by_patient and s.bookable_until <= statement_timestamp()
                     and s.bookable_until > '-infinity' then 'minimum_notice'
                when scheduling.slot_state(s) = 'held' and s.held_by <> account then 'slot_is_held'
                when exists (
                    select from scheduling.bookings_of_patient_between(patient, s.starts_at, s.ends_at) o
                     where o.id is distinct from moved) then 'bookings_of_a_patient_do_not_overlap'
                when open_limit > 0 and open_limit <= open.all_doctors then 'too_many_open_bookings'
                when open_limit_per_doctor > 0 and open_limit_per_doctor <= open.this_doctor
                    then 'too_many_open_bookings_with_this_doctor'
                when by_patient and cancellation_limit > 0 and cancellation_limit <= (
                    select count(*) from (
                        select from scheduling.slots_given_up_by_account(account)
                         limit cancellation_limit) o) then 'cool_down_after_cancellations' end,
           s.doctor_id, s.starts_at, s.ends_at, s.held_until, s.ctid
      from (select slot as id) asked
      left join scheduling.slots s on s.id = asked.id
      left join doctors.bookable_doctors(verified_only) d on d.id = s.doctor_id
     cross join lateral (
        select count(*) as all_doctors, count(*) filter (where o.doctor_id = s.doctor_id) as this_doctor
          from (select o.doctor_id from scheduling.open_bookings_of_account(account) o
                 where by_patient and (open_limit > 0 or open_limit_per_doctor > 0) and o.id is distinct from moved
                 limit nullif(open_limit, 0)) o) open
$$;

-- The previous version books for an account's own patient alone.
create or replace function scheduling.bookability(slot uuid, patient uuid, moved uuid, by_patient boolean,
    verified_only boolean, open_limit int, open_limit_per_doctor int, cancellation_limit int)
returns table (refusal text, doctor_id uuid, starts_at timestamptz, ends_at timestamptz, held_until timestamptz,
    address tid) language sql stable as $$
    select * from scheduling.bookability(slot, patient, patient, moved, by_patient, verified_only, open_limit,
        open_limit_per_doctor, cancellation_limit)
$$;

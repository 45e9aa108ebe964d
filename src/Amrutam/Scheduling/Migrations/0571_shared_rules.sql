-- Rules that several statements share. Each is a function that the planner inlines: a statement that calls one has the
-- plan of a statement that contains its text.

-- A booking is active while it takes its slot and its patient's time. The partial indexes repeat this text.
create function scheduling.is_active(status text) returns boolean language sql immutable parallel safe
    return status not in ('cancelled', 'declined', 'expired');

-- A request expires by the database's clock, before any job records it.
create function scheduling.has_expired(status text, expires_at timestamptz) returns boolean
    language sql stable parallel safe
    return status = 'requested' and expires_at <= statement_timestamp();

-- The state of a slot as its doctor sees it; scheduling.open_slots has the open ones that can still be booked in time.
create function scheduling.slot_state(slot scheduling.slots) returns text language sql stable parallel safe
    return case when slot.closed_at is not null then 'closed'
                when slot.booking_id is not null then 'booked'
                when slot.bookable_until = '-infinity' then 'closed'
                when slot.held_until > statement_timestamp() then 'held'
                else 'open' end;

-- Slots that can be booked. Conditions and not a state: a partial index serves the first one.
create or replace view scheduling.open_slots as
select id, doctor_id, starts_at, ends_at, bookable_until from scheduling.slots
 where closed_at is null and booking_id is null and (held_until is null or held_until <= statement_timestamp())
   and (bookable_until is null or bookable_until > statement_timestamp());

-- The open slots ahead of the doctors that may be booked. The view of this name serves the previous version of the
-- server.
create function scheduling.bookable_slots(verified_only boolean)
returns table (id uuid, doctor_id uuid, starts_at timestamptz, ends_at timestamptz, specialization text,
    time_zone text, requires_confirmation boolean) language sql stable as $$
    select s.id, s.doctor_id, s.starts_at, s.ends_at, d.specialization, d.time_zone,
           coalesce(p.requires_confirmation, false)
      from scheduling.open_slots s
      join doctors.bookable_doctors(verified_only) d on d.id = s.doctor_id
      left join scheduling.booking_policies p on p.doctor_id = s.doctor_id
     where s.starts_at > statement_timestamp()
$$;

-- A patient's active bookings that overlap a time. A booking is at most 12 hours long (booking_is_at_most_12_hours),
-- which bounds the range of the index.
create function scheduling.bookings_of_patient_between(patient uuid, from_time timestamptz, until_time timestamptz)
returns setof scheduling.bookings language sql stable as $$
    select b.* from scheduling.bookings b
     where b.patient_id = patient and b.starts_at > from_time - interval '12 hours' and b.starts_at < until_time
       and b.ends_at > from_time and scheduling.is_active(b.status)
       and not scheduling.has_expired(b.status, b.expires_at)
$$;

-- A patient's open bookings: those ahead that count against the limits. A series has a limit of its own.
create function scheduling.open_bookings_of_patient(patient uuid)
returns setof scheduling.bookings language sql stable as $$
    select b.* from scheduling.bookings b
     where b.patient_id = patient and b.starts_at > statement_timestamp() and b.series_id is null
       and b.status in ('requested', 'confirmed') and not scheduling.has_expired(b.status, b.expires_at)
$$;

-- A patient's own cancellations of the last hour, of bookings that had not begun.
create function scheduling.recent_cancellations_of_patient(patient uuid)
returns setof scheduling.bookings language sql stable as $$
    select b.* from scheduling.bookings b
     where b.patient_id = patient and b.starts_at > statement_timestamp() - interval '1 hour'
       and b.status = 'cancelled' and b.cancelled_by = 'patient'
       and b.updated_at > statement_timestamp() - interval '1 hour'
$$;

-- Whether a patient may have a slot: the one judgement of every route that books, holds, moves or offers one, with the
-- one order of refusals. The caller has locked the slot and the patient.
-- moved: the patient's booking that leaves its time for the slot, or null. by_patient: false for staff and doctors, who
-- are not bound by the notice and the limits. A limit of 0 is none; a count stops at its limit. The count for one
-- doctor reads what the count of all reads: an index by doctor would read all patients of a busy one.
create function scheduling.bookability(slot uuid, patient uuid, moved uuid, by_patient boolean, verified_only boolean,
    open_limit int, open_limit_per_doctor int, cancellation_limit int)
returns table (refusal text, doctor_id uuid, starts_at timestamptz, ends_at timestamptz, held_until timestamptz)
language sql stable as $$
    select case when s.id is null then 'not_found'
                when s.doctor_id = patient then 'nobody_books_themself'
                when d.id is null then 'doctor_is_not_bookable'
                when scheduling.slot_state(s) = 'closed' then 'slot_is_closed'
                when s.starts_at <= statement_timestamp() then 'slot_has_started'
                when s.booking_id is not null then 'one_active_booking_per_slot'
                when by_patient and s.bookable_until <= statement_timestamp() then 'minimum_notice'
                when scheduling.slot_state(s) = 'held' and s.held_by <> patient then 'slot_is_held'
                when exists (
                    select from scheduling.bookings_of_patient_between(patient, s.starts_at, s.ends_at) o
                     where o.id is distinct from moved) then 'bookings_of_a_patient_do_not_overlap'
                when by_patient and open_limit > 0 and open_limit <= (
                    select count(*) from (
                        select from scheduling.open_bookings_of_patient(patient) o
                         where o.id is distinct from moved limit open_limit) o) then 'too_many_open_bookings'
                when by_patient and open_limit_per_doctor > 0 and open_limit_per_doctor <= (
                    select count(*) from (
                        select o.doctor_id from scheduling.open_bookings_of_patient(patient) o
                         where o.id is distinct from moved limit nullif(open_limit, 0)) o
                     where o.doctor_id = s.doctor_id) then 'too_many_open_bookings_with_this_doctor'
                when by_patient and cancellation_limit > 0 and cancellation_limit <= (
                    select count(*) from (
                        select from scheduling.recent_cancellations_of_patient(patient)
                         limit cancellation_limit) o) then 'cool_down_after_cancellations' end,
           s.doctor_id, s.starts_at, s.ends_at, s.held_until
      from (select slot as id) asked
      left join scheduling.slots s on s.id = asked.id
      left join doctors.bookable_doctors(verified_only) d on d.id = s.doctor_id
$$;

-- A doctor's account may become a patient's; their own slots stay closed to them. Rows of earlier versions are left.
alter table scheduling.bookings add constraint nobody_books_themself check (patient_id <> doctor_id) not valid;

-- Cancelled by the system: by the job that erases a closed account.
alter table scheduling.bookings drop constraint bookings_cancelled_by_check,
    add constraint bookings_cancelled_by_check check (cancelled_by in ('patient', 'doctor', 'admin', 'system'));

-- The rule of 0350 by the shared text: a request that has expired overlaps nothing.
create or replace function scheduling.refuse_overlap_of_a_patient() returns trigger language plpgsql as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'bookings are written under read committed' using errcode = 'active_sql_transaction';
    end if;
    perform pg_advisory_xact_lock(patient) from (
        select distinct scheduling.patient_lock(patient_id) as patient from written
         where scheduling.is_active(status) order by patient) as patients;
    if exists (
        select from written w
         cross join lateral scheduling.bookings_of_patient_between(w.patient_id, w.starts_at, w.ends_at) b
         where scheduling.is_active(w.status) and not scheduling.has_expired(w.status, w.expires_at)
           and b.id <> w.id) then
        raise exception 'a patient has two bookings at one time' using errcode = 'exclusion_violation',
            constraint = 'bookings_of_a_patient_do_not_overlap', schema = 'scheduling', table = 'bookings';
    end if;
    return null;
end $$;

-- An instant as the API writes it; JSON's null for none.
create function scheduling.json_of(at timestamptz) returns text language sql stable parallel safe
    return coalesce(left(to_json(at at time zone 'UTC')::text, -1) || 'Z"', 'null');

-- One row when an entry of the waiting list can be offered a slot: the patient's account is active, the slot is earlier
-- than the booking to be moved, it was not offered to the entry before, and the patient is free then.
create function scheduling.entry_suits_slot(entry uuid, patient uuid, moved uuid, slot uuid, doctor uuid,
    slot_starts_at timestamptz, slot_ends_at timestamptz, requires_confirmation boolean)
returns setof boolean language sql stable as $$
    select true
      from identity.people p
      left join scheduling.bookings b on b.id = moved
     where p.id = patient and p.active and p.role = 'patient' and patient <> doctor
       and (moved is null or (b.status = 'confirmed' and slot_starts_at < b.starts_at and not requires_confirmation))
       and not exists (select from scheduling.waitlist_offers w where w.entry_id = entry and w.slot_id = slot)
       and not exists (
            select from scheduling.bookings_of_patient_between(patient, slot_starts_at, slot_ends_at) o
             where o.id is distinct from moved)
$$;

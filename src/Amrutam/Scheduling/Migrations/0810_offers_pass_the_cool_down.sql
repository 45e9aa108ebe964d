-- A row if the patient gave up so many slots within the hour that no other may be booked yet. A limit of 0 is none.
create function scheduling.cool_down_of_patient(patient uuid, cancellation_limit int) returns setof boolean
language sql stable as $$
    select true from (
        select count(*) as n from (
            select from scheduling.slots_given_up_by_patient(patient) limit cancellation_limit) o) given_up
     where cancellation_limit > 0 and cancellation_limit <= given_up.n
$$;

-- The judgement of 0750, with the cool-down by its one rule.
create or replace function scheduling.bookability(slot uuid, patient uuid, moved uuid, by_patient boolean,
    verified_only boolean, open_limit int, open_limit_per_doctor int, cancellation_limit int)
returns table (refusal text, doctor_id uuid, starts_at timestamptz, ends_at timestamptz, held_until timestamptz,
    address tid) language sql stable as $$
    select case when s.id is null then 'not_found'
                when s.doctor_id = patient then 'nobody_books_themself'
                when d.id is null then 'doctor_is_not_bookable'
                when scheduling.slot_state(s) = 'closed' then 'slot_is_closed'
                when s.starts_at <= statement_timestamp() then 'slot_has_started'
                when s.booking_id is not null then 'one_active_booking_per_slot'
                when by_patient and s.bookable_until <= statement_timestamp()
                     and s.bookable_until > '-infinity' then 'minimum_notice'
                when scheduling.slot_state(s) = 'held' and s.held_by <> patient then 'slot_is_held'
                when exists (
                    select from scheduling.bookings_of_patient_between(patient, s.starts_at, s.ends_at) o
                     where o.id is distinct from moved) then 'bookings_of_a_patient_do_not_overlap'
                when open_limit > 0 and open_limit <= open.all_doctors then 'too_many_open_bookings'
                when open_limit_per_doctor > 0 and open_limit_per_doctor <= open.this_doctor
                    then 'too_many_open_bookings_with_this_doctor'
                when by_patient and exists (
                    select from scheduling.cool_down_of_patient(patient, cancellation_limit))
                    then 'cool_down_after_cancellations' end,
           s.doctor_id, s.starts_at, s.ends_at, s.held_until, s.ctid
      from (select slot as id) asked
      left join scheduling.slots s on s.id = asked.id
      left join doctors.bookable_doctors(verified_only) d on d.id = s.doctor_id
     cross join lateral (
        select count(*) as all_doctors, count(*) filter (where o.doctor_id = s.doctor_id) as this_doctor
          from (select o.doctor_id from scheduling.open_bookings_of_patient(patient) o
                 where by_patient and (open_limit > 0 or open_limit_per_doctor > 0) and o.id is distinct from moved
                 limit nullif(open_limit, 0)) o) open
$$;

-- A row if the slot suits the entry of the waiting list. A patient in the cool-down is passed over, and has a turn
-- again after it.
create function scheduling.entry_suits_slot(entry uuid, patient uuid, moved uuid, slot uuid, doctor uuid,
    slot_starts_at timestamptz, slot_ends_at timestamptz, requires_confirmation boolean, cancellation_limit int)
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
       and not exists (select from scheduling.cool_down_of_patient(patient, cancellation_limit))
$$;

-- The previous version calls it. A later migration drops it.
create or replace function scheduling.entry_suits_slot(entry uuid, patient uuid, moved uuid, slot uuid, doctor uuid,
    slot_starts_at timestamptz, slot_ends_at timestamptz, requires_confirmation boolean)
returns setof boolean language sql stable as $$
    select * from scheduling.entry_suits_slot(entry, patient, moved, slot, doctor, slot_starts_at, slot_ends_at,
        requires_confirmation, 0)
$$;

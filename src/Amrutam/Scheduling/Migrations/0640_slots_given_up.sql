-- The holds of a patient, for an hour after their end: they count against the cool-down, and a slot rests from its last
-- holder. A patient holds a slot again in the same row.
create table scheduling.recent_holds (
    patient_id uuid not null,
    slot_id uuid not null,
    -- The end of the hold's time, or its release.
    ended_at timestamptz not null,
    primary key (patient_id, slot_id)
);
grant select, insert, update, delete on scheduling.recent_holds to amrutam_app;

-- When a patient gave up slots within the hour: by cancelling, by holds that nobody booked, and by offers that the
-- patient did not accept. It is the one count of all ways to block a doctor's time.
create function scheduling.slots_given_up_by_patient(patient uuid) returns table (at timestamptz)
language sql stable as $$
    select b.updated_at from scheduling.recent_cancellations_of_patient(patient) b
    union all
    select h.ended_at from scheduling.recent_holds h
     where h.patient_id = patient and h.ended_at <= statement_timestamp()
       and h.ended_at > statement_timestamp() - interval '1 hour'
       and not exists (select from scheduling.slots t where t.id = h.slot_id and t.booking_id is not null)
    union all
    select o.ended_at from scheduling.waitlist_entries e join scheduling.waitlist_offers o on o.entry_id = e.id
     where e.patient_id = patient and o.outcome <> 'accepted'
       and o.ended_at > statement_timestamp() - interval '1 hour'
$$;

-- As in 0571, but for the last rule, which counts every slot that was given up and not only cancelled bookings.
create or replace function scheduling.bookability(slot uuid, patient uuid, moved uuid, by_patient boolean,
    verified_only boolean, open_limit int, open_limit_per_doctor int, cancellation_limit int)
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
                        select from scheduling.slots_given_up_by_patient(patient)
                         limit cancellation_limit) o) then 'cool_down_after_cancellations' end,
           s.doctor_id, s.starts_at, s.ends_at, s.held_until
      from (select slot as id) asked
      left join scheduling.slots s on s.id = asked.id
      left join doctors.bookable_doctors(verified_only) d on d.id = s.doctor_id
$$;

-- A live hold is kept like a booking: rules, time off and zones leave its slot alone until it ends. A slot that they no
-- longer want has bookable_until = '-infinity', and is closed when its booking or hold has ended.

-- A held slot that was withdrawn is held first, and closed afterwards.
create or replace function scheduling.slot_state(slot scheduling.slots) returns text language sql stable parallel safe
    return case when slot.closed_at is not null then 'closed'
                when slot.booking_id is not null then 'booked'
                when slot.held_until > statement_timestamp() then 'held'
                when slot.bookable_until = '-infinity' then 'closed'
                else 'open' end;

-- The judgement of 0571 with one difference: a withdrawn slot that is held has no notice, so its holder may book it.
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
                when by_patient and s.bookable_until <= statement_timestamp()
                     and s.bookable_until > '-infinity' then 'minimum_notice'
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

-- Slots ahead that are not wanted any more and that nobody has: they wait to be closed.
create view scheduling.given_up_slots as
select s.doctor_id, s.starts_at from scheduling.slots s
 where s.bookable_until = '-infinity' and s.closed_at is null and s.booking_id is null
   and (s.held_until is null or s.held_until <= statement_timestamp()) and s.starts_at > statement_timestamp();

-- Doctors whose slots may differ from their rules and time off: as in 0361, without slots that are held now, and with
-- doctors who have no rules but a slot by hand that waits to be closed.
create or replace view scheduling.due_calendars as
select a.doctor_id, a.due_at
  from scheduling.availability a join doctors.practitioners d on d.id = a.doctor_id
 where a.due_at <= statement_timestamp()
    or a.made_in_zone is distinct from d.time_zone
    or a.doctor_id in (select g.doctor_id from scheduling.given_up_slots g)
union all
select g.doctor_id, min(g.starts_at)
  from scheduling.given_up_slots g
 where not exists (select from scheduling.availability a where a.doctor_id = g.doctor_id)
   and exists (select from doctors.practitioners d where d.id = g.doctor_id)
 group by g.doctor_id;

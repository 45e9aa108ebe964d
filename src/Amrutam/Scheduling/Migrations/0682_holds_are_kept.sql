-- A live hold is kept like a booking: rules, time off and zones leave its slot alone until it ends. A slot that they no
-- longer want has bookable_until = '-infinity', and is closed when its booking or hold has ended.

-- A held slot that was withdrawn is held first, and closed afterwards.
create or replace function scheduling.slot_state(slot scheduling.slots) returns text language sql stable parallel safe
    return case when slot.closed_at is not null then 'closed'
                when slot.booking_id is not null then 'booked'
                when slot.held_until > statement_timestamp() then 'held'
                when slot.bookable_until = '-infinity' then 'closed'
                else 'open' end;

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

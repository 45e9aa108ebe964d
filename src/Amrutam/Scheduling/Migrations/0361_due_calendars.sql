-- A booked slot that the rules gave up stays until its booking ends; then the slots that the rules want instead have
-- to be made. The index holds the given-up slots alone, and none of its columns changes when a slot is booked, so that
-- such an update stays on its page.
create index slots_given_up on scheduling.slots (doctor_id, starts_at)
    where bookable_until = '-infinity' and closed_at is null;

-- Doctors whose slots are perhaps not what their rules ask for: a day came into view, they moved, or a booking ended
-- whose slot the rules had given up.
create view scheduling.due_calendars as
select a.doctor_id, a.due_at
  from scheduling.availability a join doctors.practitioners d on d.id = a.doctor_id
 where a.due_at <= statement_timestamp()
    or a.made_in_zone is distinct from d.time_zone
    or a.doctor_id in (
        select s.doctor_id from scheduling.slots s
         where s.bookable_until = '-infinity' and s.closed_at is null and s.booking_id is null
           and s.starts_at > statement_timestamp());

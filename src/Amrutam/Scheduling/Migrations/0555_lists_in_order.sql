-- The lists' whole order, so that a page is read from the index and nothing is sorted: a plan that is made once for all
-- doctors believes that each has few slots, and without this read and sorted all of them for every page.
create index slots_in_order on scheduling.slots (doctor_id, starts_at, id);
drop index scheduling.slots_of_a_doctor_by_time;
alter index scheduling.slots_in_order rename to slots_of_a_doctor_by_time;

create index bookings_in_order on scheduling.bookings (patient_id, starts_at, id);
drop index scheduling.bookings_of_a_patient;
alter index scheduling.bookings_in_order rename to bookings_of_a_patient;

create index bookings_in_order on scheduling.bookings (doctor_id, starts_at, id);
drop index scheduling.bookings_of_a_doctor;
alter index scheduling.bookings_in_order rename to bookings_of_a_doctor;

-- When the next hold of a doctor's slot ends. Of the held ones alone, as slots_of_a_holder.
create index slots_held on scheduling.slots (doctor_id) where held_by is not null;

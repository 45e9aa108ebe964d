-- The end of a visit as a column of the key: the index itself then passes over visits that end before the new one
-- begins. As a covered column it was compared only after a page of the table was read for each recent visit.
create index bookings_of_a_patient_with_end on scheduling.bookings (patient_id, starts_at, id, ends_at)
    include (status, doctor_id, series_id, expires_at);
drop index scheduling.bookings_of_a_patient;
alter index scheduling.bookings_of_a_patient_with_end rename to bookings_of_a_patient;

-- The doctor's words for the patients whose bookings the time off cancels or moves.
alter table scheduling.time_off add reason text;

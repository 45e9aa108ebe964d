-- What changed lately, for the check of the calendar's rules each minute. Bookings need none: their ids are in the
-- order of time.
create index booking_steps_by_time on scheduling.booking_steps (at);
create index waitlist_offered on scheduling.waitlist_entries (id) where status = 'offered';

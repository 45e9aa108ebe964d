-- The bookings of a series. A booking without a series is not in it.
create index bookings_of_a_series on scheduling.bookings (series_id, starts_at) where series_id is not null;

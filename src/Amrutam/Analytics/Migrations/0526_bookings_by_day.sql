-- For comparing each day's count with what was counted.
create index bookings_by_day on analytics.bookings (booked_on);

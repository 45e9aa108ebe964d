-- The reader begins again in the log's new order, so its counts begin at nothing.
delete from analytics.bookings;
delete from analytics.daily;

-- The server's data alone decide about zones: no statement asks PostgreSQL for a doctor's local time, so a zone that
-- PostgreSQL does not know yet breaks nothing.
alter table doctors.profiles drop constraint time_zone_is_known;

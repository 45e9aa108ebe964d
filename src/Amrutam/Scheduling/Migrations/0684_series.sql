-- The bookings of a series. A booking without a series is not in it.
create index bookings_of_a_series on scheduling.bookings (series_id, starts_at) where series_id is not null;

-- A patient's own cancellations of the last hour, of bookings that had not begun. A series that is cancelled counts
-- once, however many visits it has.
create or replace function scheduling.recent_cancellations_of_patient(patient uuid)
returns setof scheduling.bookings language sql stable as $$
    select distinct on (coalesce(b.series_id, b.id)) b.* from scheduling.bookings b
     where b.patient_id = patient and b.starts_at > statement_timestamp() - interval '1 hour'
       and b.status = 'cancelled' and b.cancelled_by = 'patient'
       and b.updated_at > statement_timestamp() - interval '1 hour'
     order by coalesce(b.series_id, b.id), b.updated_at
$$;

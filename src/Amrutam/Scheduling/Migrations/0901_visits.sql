-- The present status of a booking: a request expires by the database's clock, before any job records it.
create function scheduling.status_now(status text, expires_at timestamptz) returns text
    language sql stable parallel safe
    return case when scheduling.has_expired(status, expires_at) then 'expired' else status end;

-- Visits as other modules may know them: who meets whom and when, the state, and the revision. The record that a former
-- doctor keeps of a visit is among them.
create view scheduling.visits as
select b.id, b.patient_id, b.doctor_id, b.starts_at, b.ends_at,
       scheduling.status_now(b.status, b.expires_at) as status,
       scheduling.is_active(scheduling.status_now(b.status, b.expires_at)) as active,
       b.revision + scheduling.has_expired(b.status, b.expires_at)::int as revision, b.created_at as booked_at,
       case when scheduling.has_expired(b.status, b.expires_at) then b.expires_at else b.updated_at end as changed_at,
       false as moved_away
  from scheduling.bookings b
union all
select m.booking_id, m.patient_id, m.doctor_id, m.starts_at, m.ends_at, 'moved', false, m.revision, m.booked_at,
       m.moved_at, true
  from scheduling.moved_bookings m;

-- The steps of visits as other modules may know them: a step has the time of its event.
create view scheduling.visit_steps as select booking_id, revision, action, at from scheduling.booking_steps;

-- With the party that cancelled a visit.
create or replace view scheduling.visits as
select b.id, b.patient_id, b.doctor_id, b.starts_at, b.ends_at,
       scheduling.status_now(b.status, b.expires_at) as status,
       scheduling.is_active(scheduling.status_now(b.status, b.expires_at)) as active,
       b.revision + scheduling.has_expired(b.status, b.expires_at)::int as revision, b.created_at as booked_at,
       case when scheduling.has_expired(b.status, b.expires_at) then b.expires_at else b.updated_at end as changed_at,
       false as moved_away, b.cancelled_by
  from scheduling.bookings b
union all
select m.booking_id, m.patient_id, m.doctor_id, m.starts_at, m.ends_at, 'moved', false, m.revision, m.booked_at,
       m.moved_at, true, null
  from scheduling.moved_bookings m;

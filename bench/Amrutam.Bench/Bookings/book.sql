\set i :i + 1
\set number :first + :i * :clients + :client_id
with asked as (
    select ('00000000-0000-7000-8000-' || lpad(to_hex(cast(:number as bigint)), 12, '0'))::uuid as slot_id,
           ('10000000-0000-7000-8000-' || lpad(to_hex(cast(:number as bigint)), 12, '0'))::uuid as id,
           ('20000000-0000-7000-8000-'
            || lpad(to_hex(cast(:number as bigint) % cast(:patients as bigint)), 12, '0'))::uuid as patient_id),
slot as materialized (
    select s.id, s.doctor_id, s.starts_at, s.ends_at, a.id as booking_id, a.patient_id
      from asked a join scheduling.slots s on s.id = a.slot_id
     where s.booking_id is null and s.closed_at is null and s.starts_at > now()
       for update of s),
booked as (
    insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at)
    select booking_id, id, doctor_id, patient_id, starts_at, ends_at from slot returning *),
marked as (update scheduling.slots s set booking_id = b.id from booked b where s.id = b.slot_id),
keyed as (
    insert into platform.idempotency_keys
           (user_id, route, key, fingerprint, status, body, location, booking_id)
    select patient_id, 'POST /api/bookings', 'b' || id, '\x00', 201, repeat('x', 420), '/api/bookings/' || id, id
      from booked),
logged as (
    insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
    select patient_id, 'patient', 'bookings.booked', 'booking', id,
           jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id, 'starts_at', starts_at),
           '4bf92f3577b34da6a3ce929d0e0e4736' from booked)
select id from booked;

\set i :i + 1
\set number :first + :i * :clients + :client_id
with slot as (
    update bare.slots set booking_id = gen_random_uuid()
     where id = cast(:number as bigint) and booking_id is null
 returning id, doctor_id, starts_at, booking_id),
booked as (
    insert into bare.bookings (id, slot_id, patient_id, starts_at, status)
    select booking_id, id, doctor_id, starts_at, 'confirmed' from slot),
keyed as (
    insert into bare.keys (user_id, key, body) select doctor_id, 'b' || id, repeat('x', 420) from slot),
logged as (
    insert into bare.events (actor_id, action, entity_id, details)
    select doctor_id, 'bookings.booked', booking_id,
           jsonb_build_object('doctor_id', doctor_id, 'slot_id', id, 'starts_at', starts_at) from slot)
select booking_id from slot;

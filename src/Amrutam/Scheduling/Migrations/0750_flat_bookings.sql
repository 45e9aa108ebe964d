-- Keeps the cost of a booking flat, whatever is booked already.

-- A booking changes its slot's row once and no indexed column of it. With room on its page the new version needs no
-- entry in any index, and none in the GiST index of the doctor's times above all. Only new pages have the room.
alter table scheduling.slots set (fillfactor = 70);

-- The overlap of each new booking is read from a narrow range of the patient's index. Without "offset 0" the planner
-- may hash all bookings instead. It plans this statement once, perhaps while the table is nearly empty, when reading
-- all of it looks cheap; a sequential scan is therefore ruled out.
create or replace function scheduling.refuse_overlap_of_a_patient() returns trigger language plpgsql
set enable_seqscan = off as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'bookings are written under read committed' using errcode = 'active_sql_transaction';
    end if;
    perform pg_advisory_xact_lock(patient) from (
        select distinct scheduling.patient_lock(patient_id) as patient from written
         where scheduling.is_active(status) order by patient) as patients;
    if exists (
        select from written w
         cross join lateral (
            select from scheduling.bookings_of_patient_between(w.patient_id, w.starts_at, w.ends_at) b
             where b.id <> w.id offset 0) b
         where scheduling.is_active(w.status) and not scheduling.has_expired(w.status, w.expires_at)) then
        raise exception 'a patient has two bookings at one time' using errcode = 'exclusion_violation',
            constraint = 'bookings_of_a_patient_do_not_overlap', schema = 'scheduling', table = 'bookings';
    end if;
    return null;
end $$;

-- The judgement of 0571 with new rules: a withdrawn slot that is held has no notice, so its holder may book it (0682),
-- and the cool-down counts every slot that was given up (0640). Both counts of open bookings come from one scan. It is
-- made only where a limit is set, and stops at the limit of all doctors together. The address of the slot's row serves
-- the transaction that locked it.
drop function scheduling.bookability;
create function scheduling.bookability(slot uuid, patient uuid, moved uuid, by_patient boolean, verified_only boolean,
    open_limit int, open_limit_per_doctor int, cancellation_limit int)
returns table (refusal text, doctor_id uuid, starts_at timestamptz, ends_at timestamptz, held_until timestamptz,
    address tid) language sql stable as $$
    select case when s.id is null then 'not_found'
                when s.doctor_id = patient then 'nobody_books_themself'
                when d.id is null then 'doctor_is_not_bookable'
                when scheduling.slot_state(s) = 'closed' then 'slot_is_closed'
                when s.starts_at <= statement_timestamp() then 'slot_has_started'
                when s.booking_id is not null then 'one_active_booking_per_slot'
                when by_patient and s.bookable_until <= statement_timestamp()
                     and s.bookable_until > '-infinity' then 'minimum_notice'
                when scheduling.slot_state(s) = 'held' and s.held_by <> patient then 'slot_is_held'
                when exists (
                    select from scheduling.bookings_of_patient_between(patient, s.starts_at, s.ends_at) o
                     where o.id is distinct from moved) then 'bookings_of_a_patient_do_not_overlap'
                when open_limit > 0 and open_limit <= open.all_doctors then 'too_many_open_bookings'
                when open_limit_per_doctor > 0 and open_limit_per_doctor <= open.this_doctor
                    then 'too_many_open_bookings_with_this_doctor'
                when by_patient and cancellation_limit > 0 and cancellation_limit <= (
                    select count(*) from (
                        select from scheduling.slots_given_up_by_patient(patient)
                         limit cancellation_limit) o) then 'cool_down_after_cancellations' end,
           s.doctor_id, s.starts_at, s.ends_at, s.held_until, s.ctid
      from (select slot as id) asked
      left join scheduling.slots s on s.id = asked.id
      left join doctors.bookable_doctors(verified_only) d on d.id = s.doctor_id
     cross join lateral (
        select count(*) as all_doctors, count(*) filter (where o.doctor_id = s.doctor_id) as this_doctor
          from (select o.doctor_id from scheduling.open_bookings_of_patient(patient) o
                 where by_patient and (open_limit > 0 or open_limit_per_doctor > 0) and o.id is distinct from moved
                 limit nullif(open_limit, 0)) o) open
$$;

-- The overlap and the counts read the patient's index alone where PostgreSQL knows its rows visible to all. The status
-- is part of other indexes already, so a step of a booking makes no more entries than before.
create index bookings_of_a_patient_covered on scheduling.bookings (patient_id, starts_at, id)
    include (ends_at, status, doctor_id, series_id, expires_at);
drop index scheduling.bookings_of_a_patient;
alter index scheduling.bookings_of_a_patient_covered rename to bookings_of_a_patient;

-- A patient's own cancellations, newest at the end: read for the cool-down without the visits ahead. A series that is
-- cancelled counts once, however many visits it has.
create index cancellations_of_a_patient on scheduling.bookings (patient_id, updated_at)
    where status = 'cancelled' and cancelled_by = 'patient';

create or replace function scheduling.recent_cancellations_of_patient(patient uuid)
returns setof scheduling.bookings language sql stable as $$
    select distinct on (coalesce(b.series_id, b.id)) b.* from scheduling.bookings b
     where b.patient_id = patient and b.updated_at > statement_timestamp() - interval '1 hour'
       and b.starts_at > statement_timestamp() - interval '1 hour'
       and b.status = 'cancelled' and b.cancelled_by = 'patient'
     order by coalesce(b.series_id, b.id), b.updated_at
$$;

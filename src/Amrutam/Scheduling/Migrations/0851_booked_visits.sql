-- A booking of a kind of visit keeps the kind's values as they were. All are null where the doctor offers no kinds. A
-- visit that is longer than its slot, or has buffers beyond it, takes more slots: each has the booking in booking_id,
-- and slot_id is the first of the visit. ends_at is the end of the visit's last slot, without a buffer.
alter table scheduling.bookings
    add visit_type_id uuid,
    add visit jsonb,
    -- Replaces the window of the doctor's policy; null for the policy's.
    add cancellation_window interval,
    add more_slots uuid[],
    add constraint a_visit_is_of_a_kind check ((visit_type_id is null) = (visit is null)),
    add constraint only_a_visit_takes_more_slots check (more_slots is null or visit_type_id is not null);

create or replace view scheduling.bookings_moved_away as
select m.booking_id as id, m.slot_id, m.doctor_id, m.patient_id, m.starts_at, m.ends_at, 'moved'::text as status,
       null::timestamptz as expires_at, null::uuid as series_id, null::text as reason,
       null::text as cancellation_reason, null::int as cancelled_minutes_ahead, null::text as cancelled_by,
       null::text as no_show_party, m.revision, m.booked_at as created_at, m.booked_by, null::jsonb as visit
  from scheduling.moved_bookings m;

create or replace view scheduling.bookings_of_doctors as
select b.id, b.slot_id, b.doctor_id, b.patient_id, b.starts_at, b.ends_at, b.status, b.expires_at, b.series_id,
       b.reason, b.cancellation_reason, b.cancelled_minutes_ahead, b.cancelled_by, b.no_show_party, b.revision,
       b.created_at, b.booked_by, b.visit
  from scheduling.bookings b
union all
select * from scheduling.bookings_moved_away;

-- The kind of visit that a doctor offers under an id; without one, the first in the doctor's order that patients can
-- book. No row if there is none. The doctor's offers come first ("offset 0" keeps them apart), so that a plan that was
-- made on an empty catalogue does not read all of it later.
create function scheduling.offered_visit_type(doctor uuid, kind uuid) returns setof scheduling.offered_visit_types
language sql stable as $$
    select v.*
      from (select o.visit_type_id, o.position from scheduling.doctor_visit_types o
             where o.doctor_id = doctor and (kind is null or o.visit_type_id = kind) offset 0) o
     cross join lateral (
        select v.* from scheduling.offered_visit_types v
         where v.doctor_id = doctor and v.id = o.visit_type_id offset 0) v
     where kind is not null or v.bookable_by = 'patients'
     order by o.position limit 1
$$;
create or replace function scheduling.default_visit_type(doctor uuid) returns setof scheduling.offered_visit_types
language sql stable as $$
    select * from scheduling.offered_visit_type(doctor, null)
$$;

-- Whether a visit reaches beyond its slot.
create function scheduling.takes_more_slots(slot_starts_at timestamptz, slot_ends_at timestamptz, minutes int,
    buffer_before int, buffer_after int) returns boolean language sql immutable parallel safe
    return coalesce(buffer_before > 0
        or slot_starts_at + make_interval(mins => minutes + buffer_after) > slot_ends_at, false);

-- The slots of a visit that reaches beyond its first slot. The slots of the visit itself follow each other without a
-- gap; a buffer takes every slot that it touches. All of them must be open, held by the account, or the booking's own.
-- One row. A slot lasts at most 12 hours, which bounds the range of the index.
create function scheduling.slots_of_visit(slot uuid, doctor uuid, from_time timestamptz, minutes int,
    buffer_before int, buffer_after int, account uuid, moved uuid)
returns table (fits boolean, ends_at timestamptz, more_slots uuid[]) language sql stable as $$
    select coalesce(t.free and t.length = t.ends_at - from_time
               and t.ends_at >= from_time + make_interval(mins => minutes)
               and t.length <= interval '12 hours', false),
           t.ends_at, t.more_slots
      from (select bool_and(s.id = slot or scheduling.slot_state(s) = 'open'
                       or coalesce(scheduling.slot_state(s) = 'held' and s.held_by = account
                           or s.booking_id = moved, false)) as free,
                   max(s.ends_at) filter (where s.starts_at >= from_time
                       and s.starts_at < from_time + make_interval(mins => minutes)) as ends_at,
                   sum(s.ends_at - s.starts_at) filter (where s.starts_at >= from_time
                       and s.starts_at < from_time + make_interval(mins => minutes)) as length,
                   array_agg(s.id order by s.starts_at) filter (where s.id <> slot) as more_slots
              from scheduling.slots s
             where s.doctor_id = doctor and s.closed_at is null
               and s.starts_at >= from_time - case when buffer_before > 0
                   then make_interval(hours => 12, mins => buffer_before) else interval '0' end
               and s.starts_at < from_time + make_interval(mins => minutes + buffer_after)
               and s.ends_at > from_time - make_interval(mins => buffer_before)) t
$$;

-- The members of a kind that a booking copies and that an open slot shows.
create function scheduling.copy_of_visit_type(o scheduling.offered_visit_types) returns jsonb language sql stable
    return case when o.id is not null then jsonb_build_object('id', o.id, 'name', o.name, 'minutes', o.minutes,
        'mode', o.mode, 'address', o.address, 'fee_minor', o.fee_minor, 'currency', o.currency) end;

-- The kind of a new booking, its copy for the booking, and the reason why it cannot be booked, or null. It does not ask
-- whether the slots suffice. No row where the doctor offers no kind and none is named; the expected price is the
-- profile's there.
create function scheduling.judged_visit(doctor uuid, slot_starts_at timestamptz, patient uuid, by_patient boolean,
    kind uuid, expected_fee int)
returns table (refusal text, visit_type_id uuid, visit jsonb, requires_confirmation boolean,
    cancellation_window interval, minutes int, buffer_before int, buffer_after int) language sql stable as $$
    select case when o.id is null and kind is not null then 'visit_type_not_offered'
                when by_patient and o.bookable_by = 'staff' then 'visit_type_not_offered'
                when by_patient and slot_starts_at - make_interval(mins => o.minimum_notice_minutes)
                     <= statement_timestamp() then 'minimum_notice'
                when expected_fee is not null and expected_fee is distinct from
                     case when o.id is not null then o.fee_minor
                          else (select d.fee_minor from doctors.practitioners d where d.id = doctor) end
                    then 'price_has_changed'
                when not o.first and not exists (
                    select from scheduling.bookings b
                     where b.patient_id = patient and b.doctor_id = doctor and b.status = 'completed'
                       and b.starts_at > slot_starts_at - make_interval(days => o.follow_up_within_days)
                       and b.starts_at < slot_starts_at) then 'follow_up_needs_a_first_visit' end,
           o.id, scheduling.copy_of_visit_type(o), o.requires_confirmation,
           make_interval(mins => o.cancellation_window_minutes), o.minutes, o.buffer_before_minutes,
           o.buffer_after_minutes
      from (select doctor as id) asked
      left join lateral scheduling.offered_visit_type(asked.id, kind) o on true
$$;

-- The kind as offered, if a visit of it fits at an open slot and its notice is kept. No row otherwise.
create function scheduling.visit_that_fits(slot uuid, doctor uuid, slot_starts_at timestamptz,
    slot_ends_at timestamptz, kind uuid) returns table (visit jsonb) language sql stable as $$
    select scheduling.copy_of_visit_type(o)
      from scheduling.offered_visit_type(doctor, kind) o
     where (o.minimum_notice_minutes is null
            or slot_starts_at - make_interval(mins => o.minimum_notice_minutes) > statement_timestamp())
       and (not scheduling.takes_more_slots(slot_starts_at, slot_ends_at, o.minutes, o.buffer_before_minutes,
                o.buffer_after_minutes)
            or (select t.fits from scheduling.slots_of_visit(slot, doctor, slot_starts_at, o.minutes,
                    o.buffer_before_minutes, o.buffer_after_minutes, null, null) t))
$$;

-- The judgement of a slot for a visit of a kind, with all its slots, for the transactions that may take more than one.
-- A booking that moves within its doctor's calendar keeps its copy of the kind. One without a kind stays without.
create function scheduling.bookability_of_visit(slot uuid, patient uuid, account uuid, moved uuid, by_patient boolean,
    verified_only boolean, open_limit int, open_limit_per_doctor int, cancellation_limit int, kind uuid,
    expected_fee int)
returns table (refusal text, visit_type_id uuid, visit jsonb, requires_confirmation boolean,
    cancellation_window interval, ends_at timestamptz, more_slots uuid[]) language sql stable as $$
    select coalesce(s.refusal, j.refusal,
               case when v.takes_more and not t.fits then 'slot_too_short' end,
               case when v.takes_more and exists (
                   select from scheduling.bookings_of_patient_between(patient, s.starts_at, t.ends_at) o
                    where o.id is distinct from moved) then 'bookings_of_a_patient_do_not_overlap' end),
           coalesce(j.visit_type_id, m.visit_type_id), coalesce(j.visit, m.visit), j.requires_confirmation,
           coalesce(j.cancellation_window, m.cancellation_window), coalesce(t.ends_at, s.ends_at), t.more_slots
      from scheduling.bookability(slot, patient, account, moved, by_patient, verified_only, open_limit,
               open_limit_per_doctor, cancellation_limit) s
      left join scheduling.bookings m on m.id = moved and m.doctor_id = s.doctor_id
      left join scheduling.visit_types k on k.id = m.visit_type_id
      left join lateral scheduling.judged_visit(s.doctor_id, s.starts_at, patient, by_patient, kind, expected_fee) j
        on m.id is null and (moved is null or kind is not null)
     cross join lateral (
        select w.*, scheduling.takes_more_slots(s.starts_at, s.ends_at, w.minutes, w.buffer_before, w.buffer_after)
                   as takes_more
          from (select coalesce(j.minutes, (m.visit ->> 'minutes')::int) as minutes,
                       coalesce(j.buffer_before, k.buffer_before_minutes) as buffer_before,
                       coalesce(j.buffer_after, k.buffer_after_minutes) as buffer_after) w) v
      left join lateral scheduling.slots_of_visit(slot, s.doctor_id, s.starts_at, v.minutes, v.buffer_before,
          v.buffer_after, account, moved) t on v.takes_more
$$;

-- The slots of a long visit besides its first follow the booking in each of its steps. They are free when it ends
-- without a visit or leaves them, and a confirmed request holds them no more. One trigger does so, because a server of
-- the previous version changes such bookings too. It runs for no other booking.
create function scheduling.follow_booking() returns trigger language plpgsql as $$
begin
    perform from scheduling.slots where id = any(old.more_slots) order by id for update;
    update scheduling.slots s set booking_id = null, held_by = null, held_until = null
     where s.id = any(old.more_slots) and s.booking_id = old.id
       and (not scheduling.is_active(new.status)
            or (s.id <> new.slot_id and s.id <> all(coalesce(new.more_slots, '{}'))));
    update scheduling.slots s set held_by = null, held_until = null
     where s.id = any(new.more_slots) and s.booking_id = new.id and s.held_by is not null
       and new.status <> 'requested';
    return null;
end $$;
create trigger more_slots_follow_their_booking after update of status, slot_id, more_slots on scheduling.bookings
    for each row when (old.more_slots is not null) execute function scheduling.follow_booking();

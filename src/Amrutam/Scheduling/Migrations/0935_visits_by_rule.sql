-- A rule of the weekly schedule may name the kinds of visit that it serves, and its slots keep them. Null: every kind
-- that the doctor offers.
alter table scheduling.slots add column visit_type_ids uuid[];

-- The kinds of each rule, in the order of the rules. They are not in the rules themselves, which a server of the
-- previous version could not read then. Such a server replaces rules and not this column, so it counts for one
-- revision.
alter table scheduling.availability add column rule_visit_types jsonb, add column rule_visit_types_revision bigint;

create function scheduling.serves(slot_kinds uuid[], kind uuid) returns boolean language sql immutable parallel safe
    return slot_kinds is null or coalesce(kind = any(slot_kinds), false);

-- The kind that a doctor offers under an id; without one, the first in the doctor's order that patients can book and
-- that the slot serves. No row if there is none.
create function scheduling.offered_visit_type(doctor uuid, kind uuid, slot_kinds uuid[])
returns setof scheduling.offered_visit_types language sql stable as $$
    select v.*
      from (select o.visit_type_id, o.position from scheduling.doctor_visit_types o
             where o.doctor_id = doctor
               and case when kind is null then scheduling.serves(slot_kinds, o.visit_type_id)
                        else o.visit_type_id = kind end offset 0) o
     cross join lateral (
        select v.* from scheduling.offered_visit_types v
         where v.doctor_id = doctor and v.id = o.visit_type_id offset 0) v
     where kind is not null or v.bookable_by = 'patients'
     order by o.position limit 1
$$;
create or replace function scheduling.offered_visit_type(doctor uuid, kind uuid)
returns setof scheduling.offered_visit_types language sql stable as $$
    select * from scheduling.offered_visit_type(doctor, kind, null)
$$;

-- The slots of a visit, as before. Each slot of the visit itself serves its kind; a buffer takes any slot.
create function scheduling.slots_of_visit(slot uuid, doctor uuid, from_time timestamptz, minutes int,
    buffer_before int, buffer_after int, account uuid, moved uuid, kind uuid)
returns table (fits boolean, ends_at timestamptz, more_slots uuid[]) language sql stable as $$
    select coalesce(t.free and t.length = t.ends_at - from_time
               and t.ends_at >= from_time + make_interval(mins => minutes)
               and t.length <= interval '12 hours', false),
           t.ends_at, t.more_slots
      from (select bool_and((s.id = slot or scheduling.slot_state(s) = 'open'
                       or coalesce(scheduling.slot_state(s) = 'held' and s.held_by = account
                           or s.booking_id = moved, false))
                       and (not v.of_visit or scheduling.serves(s.visit_type_ids, kind))) as free,
                   max(s.ends_at) filter (where v.of_visit) as ends_at,
                   sum(s.ends_at - s.starts_at) filter (where v.of_visit) as length,
                   array_agg(s.id order by s.starts_at) filter (where s.id <> slot) as more_slots
              from scheduling.slots s
             cross join lateral (
                select s.starts_at >= from_time and s.starts_at < from_time + make_interval(mins => minutes)
                           as of_visit) v
             where s.doctor_id = doctor and s.closed_at is null
               and s.starts_at >= from_time - case when buffer_before > 0
                   then make_interval(hours => 12, mins => buffer_before) else interval '0' end
               and s.starts_at < from_time + make_interval(mins => minutes + buffer_after)
               and s.ends_at > from_time - make_interval(mins => buffer_before)) t
$$;
-- The rights of the previous version name it.
create or replace function scheduling.slots_of_visit(slot uuid, doctor uuid, from_time timestamptz, minutes int,
    buffer_before int, buffer_after int, account uuid, moved uuid)
returns table (fits boolean, ends_at timestamptz, more_slots uuid[]) language sql stable as $$
    select * from scheduling.slots_of_visit(slot, doctor, from_time, minutes, buffer_before, buffer_after, account,
        moved, null)
$$;

-- The kind of a new booking, its copy for the booking, and the reason why it cannot be booked, or null. It does not ask
-- whether the slots suffice. Without a slot it does not ask for the slot's kinds, and without a patient not for a visit
-- before a follow-up. The values are null where the doctor offers no kind and none is named; the expected price is the
-- profile's there.
create function scheduling.judged_visit(slot uuid, doctor uuid, slot_starts_at timestamptz, patient uuid,
    by_patient boolean, kind uuid, expected_fee int)
returns table (refusal text, visit_type_id uuid, visit jsonb, requires_confirmation boolean,
    cancellation_window interval, minutes int, buffer_before int, buffer_after int, first boolean)
language sql stable as $$
    select case when o.id is null and kind is not null then 'visit_type_not_offered'
                when by_patient and o.bookable_by = 'staff' then 'visit_type_not_offered'
                when not scheduling.serves(s.visit_type_ids, o.id) then 'slot_is_for_other_visits'
                when by_patient and slot_starts_at - make_interval(mins => o.minimum_notice_minutes)
                     <= statement_timestamp() then 'minimum_notice'
                when expected_fee is not null and expected_fee is distinct from
                     case when o.id is not null then o.fee_minor
                          else (select d.fee_minor from doctors.practitioners d where d.id = doctor) end
                    then 'price_has_changed'
                when not o.first and patient is not null and not exists (
                    select from scheduling.bookings b
                     where b.patient_id = patient and b.doctor_id = doctor and b.status = 'completed'
                       and b.starts_at > slot_starts_at - make_interval(days => o.follow_up_within_days)
                       and b.starts_at < slot_starts_at) then 'follow_up_needs_a_first_visit' end,
           o.id, scheduling.copy_of_visit_type(o), o.requires_confirmation,
           make_interval(mins => o.cancellation_window_minutes), o.minutes, o.buffer_before_minutes,
           o.buffer_after_minutes, o.first
      from (select doctor as id, slot as slot_id) asked
      left join scheduling.slots s on s.id = asked.slot_id
      left join lateral scheduling.offered_visit_type(asked.id, kind, s.visit_type_ids) o on true
$$;
-- The previous version books with it.
create or replace function scheduling.judged_visit(doctor uuid, slot_starts_at timestamptz, patient uuid,
    by_patient boolean, kind uuid, expected_fee int)
returns table (refusal text, visit_type_id uuid, visit jsonb, requires_confirmation boolean,
    cancellation_window interval, minutes int, buffer_before int, buffer_after int) language sql stable as $$
    select j.refusal, j.visit_type_id, j.visit, j.requires_confirmation, j.cancellation_window, j.minutes,
           j.buffer_before, j.buffer_after
      from scheduling.judged_visit(null, doctor, slot_starts_at, patient, by_patient, kind, expected_fee) j
$$;

-- The kind as offered at a slot that is open, and the reason why a visit of it cannot begin there, or null. Without
-- by_patient the rules are those of the people who may book the kind.
create function scheduling.visit_at_slot(slot uuid, doctor uuid, slot_starts_at timestamptz, slot_ends_at timestamptz,
    kind uuid, patient uuid, by_patient boolean)
returns table (refusal text, visit jsonb, first boolean) language sql stable as $$
    select coalesce(j.refusal,
               case when scheduling.takes_more_slots(slot_starts_at, slot_ends_at, j.minutes, j.buffer_before,
                        j.buffer_after)
                     and not (select t.fits from scheduling.slots_of_visit(slot, doctor, slot_starts_at, j.minutes,
                              j.buffer_before, j.buffer_after, null, null, j.visit_type_id) t)
                    then 'slot_too_short' end),
           j.visit, j.first
      from scheduling.judged_visit(slot, doctor, slot_starts_at, patient,
               coalesce(by_patient, not exists (
                   select from scheduling.visit_types k where k.id = kind and k.bookable_by = 'staff')),
               kind, null) j
$$;

-- The kind as offered, if a visit of it can begin at an open slot. No row otherwise. Without a kind it is the doctor's
-- default, and null for a doctor who offers none.
create function scheduling.visit_that_fits(slot uuid, doctor uuid, slot_starts_at timestamptz,
    slot_ends_at timestamptz, kind uuid, patient uuid, by_patient boolean)
returns table (visit jsonb) language sql stable as $$
    select v.visit
      from scheduling.visit_at_slot(slot, doctor, slot_starts_at, slot_ends_at, kind, patient, by_patient) v
     where v.refusal is null
$$;
-- The previous version lists with it.
create or replace function scheduling.visit_that_fits(slot uuid, doctor uuid, slot_starts_at timestamptz,
    slot_ends_at timestamptz, kind uuid) returns table (visit jsonb) language sql stable as $$
    select v.visit from scheduling.visit_that_fits(slot, doctor, slot_starts_at, slot_ends_at, kind, null, null) v
     where v.visit is not null
$$;

-- The judgement of a slot for a visit of a kind, with all its slots, for the transactions that may take more than one.
-- A booking that moves within its doctor's calendar keeps its copy of the kind. One without a kind stays without.
create or replace function scheduling.bookability_of_visit(slot uuid, patient uuid, account uuid, moved uuid,
    by_patient boolean, verified_only boolean, open_limit int, open_limit_per_doctor int, cancellation_limit int,
    kind uuid, expected_fee int)
returns table (refusal text, visit_type_id uuid, visit jsonb, requires_confirmation boolean,
    cancellation_window interval, ends_at timestamptz, more_slots uuid[]) language sql stable as $$
    select coalesce(s.refusal, j.refusal,
               case when not scheduling.serves(own.visit_type_ids, v.visit_type_id)
                    then 'slot_is_for_other_visits' end,
               case when v.takes_more and not t.fits then 'slot_too_short' end,
               case when v.takes_more and exists (
                   select from scheduling.bookings_of_patient_between(patient, s.starts_at, t.ends_at) o
                    where o.id is distinct from moved) then 'bookings_of_a_patient_do_not_overlap' end),
           v.visit_type_id, coalesce(j.visit, m.visit), j.requires_confirmation,
           coalesce(j.cancellation_window, m.cancellation_window), coalesce(t.ends_at, s.ends_at), t.more_slots
      from scheduling.bookability(slot, patient, account, moved, by_patient, verified_only, open_limit,
               open_limit_per_doctor, cancellation_limit) s
      left join scheduling.slots own on own.id = slot
      left join scheduling.bookings m on m.id = moved and m.doctor_id = s.doctor_id
      left join scheduling.visit_types k on k.id = m.visit_type_id
      left join lateral scheduling.judged_visit(slot, s.doctor_id, s.starts_at, patient, by_patient, kind,
          expected_fee) j on m.id is null and (moved is null or kind is not null)
     cross join lateral (
        select w.*, scheduling.takes_more_slots(s.starts_at, s.ends_at, w.minutes, w.buffer_before, w.buffer_after)
                   as takes_more
          from (select coalesce(j.visit_type_id, m.visit_type_id) as visit_type_id,
                       coalesce(j.minutes, (m.visit ->> 'minutes')::int) as minutes,
                       coalesce(j.buffer_before, k.buffer_before_minutes) as buffer_before,
                       coalesce(j.buffer_after, k.buffer_after_minutes) as buffer_after) w) v
      left join lateral scheduling.slots_of_visit(slot, s.doctor_id, s.starts_at, v.minutes, v.buffer_before,
          v.buffer_after, account, moved, v.visit_type_id) t on v.takes_more
$$;

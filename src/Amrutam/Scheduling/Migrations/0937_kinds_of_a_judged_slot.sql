-- The judgement of a kind for a slot whose kinds are known, so that a booking does not look its slot up once more. The
-- rules are those of 0935.
create function scheduling.judged_visit_at(slot_kinds uuid[], doctor uuid, slot_starts_at timestamptz, patient uuid,
    by_patient boolean, kind uuid, expected_fee int)
returns table (refusal text, visit_type_id uuid, visit jsonb, requires_confirmation boolean,
    cancellation_window interval, minutes int, buffer_before int, buffer_after int, first boolean)
language sql stable as $$
    select case when o.id is null and kind is not null then 'visit_type_not_offered'
                when by_patient and o.bookable_by = 'staff' then 'visit_type_not_offered'
                when not scheduling.serves(slot_kinds, o.id) then 'slot_is_for_other_visits'
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
      from (select doctor as id, slot_kinds as kinds) asked
      left join lateral scheduling.offered_visit_type(asked.id, kind, asked.kinds) o on true
$$;
create or replace function scheduling.judged_visit(slot uuid, doctor uuid, slot_starts_at timestamptz, patient uuid,
    by_patient boolean, kind uuid, expected_fee int)
returns table (refusal text, visit_type_id uuid, visit jsonb, requires_confirmation boolean,
    cancellation_window interval, minutes int, buffer_before int, buffer_after int, first boolean)
language sql stable as $$
    select j.*
      from (select slot as id) asked
      left join scheduling.slots s on s.id = asked.id
     cross join lateral scheduling.judged_visit_at(s.visit_type_ids, doctor, slot_starts_at, patient, by_patient, kind,
         expected_fee) j
$$;

-- The judgement of 0936, with the kinds that the slot serves.
drop function scheduling.bookability(uuid, uuid, uuid, uuid, boolean, boolean, int, int, int);
create function scheduling.bookability(slot uuid, patient uuid, account uuid, moved uuid, by_patient boolean,
    verified_only boolean, open_limit int, open_limit_per_doctor int, cancellation_limit int)
returns table (refusal text, doctor_id uuid, starts_at timestamptz, ends_at timestamptz, held_until timestamptz,
    address tid, visit_type_ids uuid[]) language sql stable as $$
    select case when by_patient and account <> patient and moved is null
                     and patients.refusal_to_book_for(account, patient) is not null
                    then patients.refusal_to_book_for(account, patient)
                when s.id is null then 'not_found'
                when s.doctor_id = patient then 'nobody_books_themself'
                when d.id is null then 'doctor_is_not_bookable'
                when scheduling.slot_state(s) = 'closed' then 'slot_is_closed'
                when s.starts_at <= statement_timestamp() then 'slot_has_started'
                when s.booking_id is not null and s.booking_id is distinct from moved
                    then 'one_active_booking_per_slot'
                when by_patient and s.bookable_until <= statement_timestamp()
                     and s.bookable_until > '-infinity' then 'minimum_notice'
                when scheduling.slot_state(s) = 'held' and s.held_by <> account then 'slot_is_held'
                when exists (
                    select from scheduling.bookings_of_patient_between(patient, s.starts_at, s.ends_at) o
                     where o.id is distinct from moved) then 'bookings_of_a_patient_do_not_overlap'
                when open_limit > 0 and open_limit <= open.all_doctors then 'too_many_open_bookings'
                when open_limit_per_doctor > 0 and open_limit_per_doctor <= open.this_doctor
                    then 'too_many_open_bookings_with_this_doctor'
                when by_patient and exists (
                    select from scheduling.cool_down_of_patient(account, cancellation_limit))
                    then 'cool_down_after_cancellations' end,
           s.doctor_id, s.starts_at, s.ends_at, s.held_until, s.ctid, s.visit_type_ids
      from (select slot as id) asked
      left join scheduling.slots s on s.id = asked.id
      left join doctors.bookable_doctors(verified_only) d on d.id = s.doctor_id
     cross join lateral (
        select count(*) as all_doctors, count(*) filter (where o.doctor_id = s.doctor_id) as this_doctor
          from (select o.doctor_id from scheduling.open_bookings_of_account(account) o
                 where by_patient and (open_limit > 0 or open_limit_per_doctor > 0) and o.id is distinct from moved
                 limit nullif(open_limit, 0)) o) open
$$;
create or replace function scheduling.bookability(slot uuid, patient uuid, moved uuid, by_patient boolean,
    verified_only boolean, open_limit int, open_limit_per_doctor int, cancellation_limit int)
returns table (refusal text, doctor_id uuid, starts_at timestamptz, ends_at timestamptz, held_until timestamptz,
    address tid) language sql stable as $$
    select b.refusal, b.doctor_id, b.starts_at, b.ends_at, b.held_until, b.address
      from scheduling.bookability(slot, patient, patient, moved, by_patient, verified_only, open_limit,
               open_limit_per_doctor, cancellation_limit) b
$$;

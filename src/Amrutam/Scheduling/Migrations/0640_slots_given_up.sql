-- The holds of a patient, for an hour after their end: they count against the cool-down, and a slot rests from its last
-- holder. A patient holds a slot again in the same row.
create table scheduling.recent_holds (
    patient_id uuid not null,
    slot_id uuid not null,
    -- The end of the hold's time, or its release.
    ended_at timestamptz not null,
    primary key (patient_id, slot_id)
);
grant select, insert, update, delete on scheduling.recent_holds to amrutam_app;

-- When a patient gave up slots within the hour: by cancelling, by holds that nobody booked, and by offers that the
-- patient did not accept. It is the one count of all ways to block a doctor's time.
create function scheduling.slots_given_up_by_patient(patient uuid) returns table (at timestamptz)
language sql stable as $$
    select b.updated_at from scheduling.recent_cancellations_of_patient(patient) b
    union all
    select h.ended_at from scheduling.recent_holds h
     where h.patient_id = patient and h.ended_at <= statement_timestamp()
       and h.ended_at > statement_timestamp() - interval '1 hour'
       and not exists (select from scheduling.slots t where t.id = h.slot_id and t.booking_id is not null)
    union all
    select o.ended_at from scheduling.waitlist_entries e join scheduling.waitlist_offers o on o.entry_id = e.id
     where e.patient_id = patient and o.outcome <> 'accepted'
       and o.ended_at > statement_timestamp() - interval '1 hour'
$$;

-- A patient's bookings do not overlap: the same rule under the same name, kept by a check of each statement's new rows
-- instead of a GiST index, whose entry cost about as much as the rest of a booking. The check sees what others have
-- committed, because it locks the patients first and looks in a statement of its own; so it wants READ COMMITTED, whose
-- every statement has a snapshot of its own, and refuses to be run under anything else.
alter table scheduling.bookings
    drop constraint bookings_of_a_patient_do_not_overlap,
    -- What may reach into a time began at most this long before it: the range that the check reads of the index.
    add constraint booking_is_at_most_12_hours check (ends_at - starts_at <= interval '12 hours');

-- The random half of a version 7 UUID: two patients that share it would only wait for each other.
create function scheduling.patient_lock(patient uuid) returns bigint language sql immutable parallel safe
    return ('x' || right(replace(patient::text, '-', ''), 16))::bit(64)::bigint;

create function scheduling.refuse_overlap_of_a_patient() returns trigger language plpgsql as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'bookings are written under read committed' using errcode = 'active_sql_transaction';
    end if;
    perform pg_advisory_xact_lock(patient) from (
        select distinct scheduling.patient_lock(patient_id) as patient from written
         where status not in ('cancelled', 'declined', 'expired') order by patient) as patients;
    if exists (
        select from written w
          join scheduling.bookings b on b.patient_id = w.patient_id and b.id <> w.id
               and b.starts_at < w.ends_at and b.starts_at > w.starts_at - interval '12 hours'
               and b.ends_at > w.starts_at
         where w.status not in ('cancelled', 'declined', 'expired')
           and b.status not in ('cancelled', 'declined', 'expired')) then
        raise exception 'a patient has two bookings at one time' using errcode = 'exclusion_violation',
            constraint = 'bookings_of_a_patient_do_not_overlap', schema = 'scheduling', table = 'bookings';
    end if;
    return null;
end $$;

create trigger bookings_of_a_patient_do_not_overlap after insert on scheduling.bookings
    referencing new table as written for each statement execute function scheduling.refuse_overlap_of_a_patient();
create trigger changed_bookings_of_a_patient_do_not_overlap after update on scheduling.bookings
    referencing new table as written for each statement execute function scheduling.refuse_overlap_of_a_patient();

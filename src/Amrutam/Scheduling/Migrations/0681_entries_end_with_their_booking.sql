-- Whether a booking can still be moved earlier for a waiting list entry that hangs on it. The booking is ahead, with
-- the doctor of the entry, and after the first time that suits the patient.
create function scheduling.can_move_earlier(booking scheduling.bookings, entry_doctor uuid, earliest timestamptz)
returns boolean language sql stable parallel safe
    return booking.status = 'confirmed' and booking.doctor_id = entry_doctor
       and booking.starts_at > greatest(earliest, statement_timestamp());

-- The open entries of a booking. An entry without a booking is not in it.
create index waitlist_of_a_booking on scheduling.waitlist_entries (booking_id)
    where booking_id is not null and status in ('waiting', 'offered');

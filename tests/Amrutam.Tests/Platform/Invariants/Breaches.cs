namespace Amrutam.Tests.Platform.Invariants;

/// <summary>SQL that violates an invariant past the program. @booking is a confirmed booking, @free an open slot, @new
/// a new id.</summary>
public static class Breaches
{
    const string AnotherBooking = """
        insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at)
        select @new, @slot, doctor_id, @who, starts_at, ends_at from scheduling.bookings where id = @booking;
        """;

    /// <summary>One for each invariant, by its name.</summary>
    public static IReadOnlyDictionary<string, string> OfEach => Each;

    static readonly Dictionary<string, string> Each = new(StringComparer.Ordinal)
    {
        ["one_active_booking_per_slot"] = "drop index scheduling.one_active_booking_per_slot;"
            + AnotherBooking.Replace("@slot", "slot_id").Replace("@who", "gen_random_uuid()"),
        ["bookings_of_a_patient_do_not_overlap"] =
            "drop trigger bookings_of_a_patient_do_not_overlap on scheduling.bookings;"
            + AnotherBooking.Replace("@slot", "@free").Replace("@who", "patient_id"),
        ["bookings_of_a_doctor_do_not_overlap"] =
            AnotherBooking.Replace("@slot", "@free").Replace("@who", "gen_random_uuid()"),
        ["a_key_has_one_booking"] = """
            insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body, booking_id)
            select user_id, 'another', key, fingerprint, status, body, gen_random_uuid()
              from platform.idempotency_keys where booking_id = @booking
            """,
        ["a_key_names_a_booking_of_its_own_patient"] =
            "update platform.idempotency_keys set user_id = gen_random_uuid() where booking_id = @booking",
        ["a_booking_has_its_event"] =
            AnotherBooking.Replace("@slot", "@free").Replace("@who", "gen_random_uuid()"),
        ["a_change_has_its_event"] = "update scheduling.bookings set revision = revision + 1 where id = @booking",
        ["an_event_has_its_booking"] = """
            insert into audit.events (action, entity, entity_id) values ('bookings.booked', 'booking', @new)
            """,
        ["a_change_is_in_the_history"] = "update scheduling.bookings set revision = revision + 1 where id = @booking",
        ["a_booked_slot_has_its_booking"] = "update scheduling.slots set booking_id = @new where id = @free",
        ["an_open_slot_has_no_booking"] = "update scheduling.slots set booking_id = null where booking_id = @booking",
        ["a_booking_lies_where_its_slot_lies"] =
            "update scheduling.bookings set ends_at = ends_at + interval '1 minute' where id = @booking",
        ["a_long_visit_has_each_of_its_slots"] = """
            update scheduling.bookings set more_slots = array[@new]::uuid[], visit_type_id = @new, visit = '{}'
             where id = @booking
            """,
        ["a_request_holds_its_slot"] =
            "update scheduling.bookings set status = 'requested', expires_at = now() where id = @booking",
        ["an_expired_request_blocks_nothing"] = """
            update scheduling.bookings set status = 'requested', expires_at = now() - interval '2 minutes'
             where id = @booking
            """,
        ["an_offer_is_for_its_entry"] = """
            with e as (
                insert into scheduling.waitlist_entries (id, patient_id, specialization, starts_from, starts_until)
                values (@new, @new, 'Ayurveda', now(), now() + interval '1 day') returning id)
            insert into scheduling.waitlist_offers (entry_id, slot_id, expires_at)
            select id, @free, now() + interval '1 hour' from e
            """,
        ["an_entry_with_an_offer_has_one"] = """
            insert into scheduling.waitlist_entries
                   (id, patient_id, specialization, starts_from, starts_until, status)
            values (@new, @new, 'Ayurveda', now(), now() + interval '1 day', 'offered')
            """,
        ["a_slot_by_hand_has_its_events"] = "update scheduling.slots set closed_at = now() where id = @free",
        ["a_time_off_has_its_event"] = """
            insert into scheduling.time_off (id, doctor_id, starts_at, ends_at)
            values (@new, @new, now(), now() + interval '1 day')
            """,
        ["a_waitlist_entry_has_its_events"] = """
            insert into scheduling.waitlist_entries (id, patient_id, specialization, starts_from, starts_until)
            values (@new, @new, 'Ayurveda', now(), now() + interval '1 day')
            """,
        ["an_account_has_its_events"] = "update identity.users set suspended_at = now() where role = 'doctor'",
        ["a_booking_that_was_read_is_counted"] = "delete from analytics.bookings where id = @booking",
        ["a_booking_is_counted_once"] = "update analytics.daily set n = n + 1 where measure = 'bookings'",
        ["reader_is_not_ahead_of_the_log"] = "update platform.event_readers set position = position + 1000",
    };

    /// <summary>More violations of the invariants that compare a record with its events.</summary>
    public static TheoryData<string, string> Others { get; } = new()
    {
        { "a_key_names_a_booking_of_its_own_patient",
            "update platform.idempotency_keys set booking_id = gen_random_uuid() where booking_id = @booking" },
        { "a_slot_by_hand_has_its_events", """
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
            select @new, doctor_id, ends_at + interval '1 hour', ends_at + interval '2 hours'
              from scheduling.slots where id = @free
            """ },
        { "a_slot_by_hand_has_its_events", "delete from scheduling.slots where id = @free" },
        { "a_time_off_has_its_event", """
            insert into audit.events (actor_id, action, entity, entity_id)
            values (@new, 'time_off.taken', 'time_off', @new)
            """ },
        { "a_waitlist_entry_has_its_events", """
            with e as (
                insert into scheduling.waitlist_entries
                       (id, patient_id, specialization, starts_from, starts_until, status)
                values (@new, @new, 'Ayurveda', now(), now() + interval '1 day', 'left') returning id)
            insert into audit.events (action, entity, entity_id) select 'waitlist.joined', 'waitlist_entry', id from e
            """ },
        { "an_account_has_its_events", """
            insert into audit.events (action, entity, entity_id) values ('accounts.signed_up', 'account', @new)
            """ },
        { "an_account_has_its_events",
            "update identity.users set deletion_due_at = now() + interval '1 day' where role = 'patient'" },
        { "an_account_has_its_events", """
            insert into identity.users (id, email, normalized_email, role, security_stamp, concurrency_stamp)
            values (@new, 'x@example.org', 'X@EXAMPLE.ORG', 'admin', 'x', 'x')
            """ },
    };
}

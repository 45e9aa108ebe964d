using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Applies one step of a booking's life: its state, its slot, its history and its event in one
/// statement.</summary>
/// <remarks>The caller holds the booking's lock, and <see cref="LifeCycle"/> allows the step. A move is a statement of
/// its own.</remarks>
static class ApplyTransition
{
    /// <param name="by">Null for the system.</param>
    /// <param name="before">For undoing: the state that the last step came from.</param>
    public static async Task<StoredResponse<Ok<Booking>>> Apply(NpgsqlConnection connection, Booking booking,
        BookingAction action, CurrentUser? by, BookingListeners listeners, string? reason = null, string? party = null,
        string before = "") =>
        (await Take(connection, booking, action, by, listeners, reason, party, before)).ShownTo(by).Response();

    /// <inheritdoc cref="Apply"/>
    /// <returns>The booking after the step.</returns>
    public static async Task<Booking> Take(NpgsqlConnection connection, Booking booking, BookingAction action,
        CurrentUser? by, BookingListeners listeners, string? reason = null, string? party = null, string before = "")
    {
        var to = LifeCycle.After(booking.Status, action, before);
        var after = await connection.Statement(Step).With(booking.Id).With(to).With(party)
            .With(LifeCycle.Done(action)).With(booking.Status).With(by?.Id).With(by?.Role ?? "system").With(reason)
            .With(CommonProblems.Trace()).One(Booking.Read);
        await listeners.BookingsChanged(connection, [booking.Id], by);
        if (to == LifeCycle.CheckedIn) await listeners.PatientArrived(connection, booking, by);
        // In the same transaction, so that nobody books the slot before the first in line is asked.
        if (to is LifeCycle.Cancelled or LifeCycle.Declined)
            await listeners.SlotFreed(connection, booking.SlotId, booking.PatientId);
        return after!;
    }

    const string Step = """
        with b as (
            update scheduling.bookings
               set status = $2, no_show_party = $3, revision = revision + 1, updated_at = now(),
                   cancelled_by = case when $2 = 'cancelled' then $7 end,
                   cancellation_reason = case when $2 in ('cancelled', 'declined') then $8 end,
                   cancelled_minutes_ahead = case when $2 = 'cancelled'
                       then floor(extract(epoch from starts_at - statement_timestamp()) / 60)::int end
             where id = $1
         returning *),
        slot as (
            update scheduling.slots s
               set booking_id = case when b.status not in ('cancelled', 'declined') then b.id end,
                   held_by = null, held_until = null
              from b
             where s.id = b.slot_id and s.booking_id = b.id and $2 in ('cancelled', 'declined', 'confirmed')),
        kept as (
            insert into scheduling.booking_steps
                   (booking_id, revision, action, from_status, to_status, actor_id, actor_role, reason)
            select id, revision, $4::text, $5::text, status, $6, $7, $8 from b),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $6, $7, 'bookings.' || $4::text, 'booking', id, jsonb_strip_nulls(jsonb_build_object(
                   'doctor_id', doctor_id, 'slot_id', slot_id, 'starts_at', starts_at, 'from', $5::text, 'to', status,
                   'party', no_show_party, 'minutes_ahead', cancelled_minutes_ahead,
                   'acted_for', case when $7 in ('patient', 'staff', 'admin')
                       then nullif(patient_id, $6) end)), $9 from b)
        select
        """ + " " + Booking.Columns + " from b";
}

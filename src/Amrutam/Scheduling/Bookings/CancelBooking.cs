using Amrutam.Platform;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Cancels a booking ahead, by its patient or its doctor; the slot is open again at once.</summary>
static class CancelBooking
{
    public sealed record Request(string? Reason = null);

    const int MaxReason = 500;

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/cancellation", Handle).RequireAuthorization(Allow.PatientOrDoctor)
        .WithSummary("Cancel a booking").Produces<Booking>()
            .Refuses(Problems.Absent, Rules.StepNotAllowed, Rules.BookingHasStarted, Problems.Invalid, Rules.KeyReused);

    static async Task<IResult> Handle(Guid id, Request? request, CurrentUser user, IdempotencyKey key,
        KeyedChange changes)
    {
        var fields = new Fields();
        var reason = fields.Text("reason", request?.Reason, MaxReason);
        if (fields.Wrong) return fields.Problem();
        return await changes.Run(user, id, "POST /api/bookings/{id}/cancellation", key, request ?? new(),
            (connection, booking) =>
            connection.Statement(Cancel).With(id).With(user.Id).With(user.Role).With(reason).With(user.Trace)
                .Apply(booking, Refused));
    }

    static Answer Refused(Booking booking) => booking.Status == "confirmed"
        ? Answer.Of(Rules.BookingHasStarted.Because())
        : ChangeBooking.Refuse(booking, "cancelled");

    const string Cancel = """
        with b as (
            update scheduling.bookings set status = 'cancelled', cancelled_by = $3, cancellation_reason = $4,
                 revision = revision + 1, updated_at = now()
             where id = $1 and status = 'confirmed' and starts_at > statement_timestamp()
         returning *),
        freed as (update scheduling.slots s set booking_id = null from b where s.id = b.slot_id
             and s.booking_id = b.id),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $2, $3, 'bookings.cancelled', 'booking', id,
                   jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id, 'starts_at', starts_at), $5 from b)
        select
        """ + " " + Booking.Columns + " from b";
}

using Amrutam.Platform;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Records that the consultation took place; only its doctor may, and not before it starts.</summary>
static class CompleteBooking
{
    public sealed record Request;

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/completion", Handle).RequireAuthorization(Allow.Doctor)
        .WithSummary("Complete a booking").Produces<Booking>()
            .Refuses(Problems.Absent, Rules.StepNotAllowed, Rules.BookingHasNotStarted, Rules.KeyReused);

    static Task<IResult> Handle(Guid id, CurrentUser doctor, IdempotencyKey key, KeyedChange changes) =>
        changes.Run(doctor, id, "POST /api/bookings/{id}/completion", key, new Request(), (connection, booking) =>
            connection.Statement(Complete).With(id).With(doctor.Id).With(doctor.Trace).Apply(booking, Refused));

    static Answer Refused(Booking booking) => booking.Status == "confirmed"
        ? Answer.Of(Rules.BookingHasNotStarted.Because())
        : ChangeBooking.Refuse(booking, "completed");

    const string Complete = """
        with b as (
            update scheduling.bookings set status = 'completed', revision = revision + 1, updated_at = now()
             where id = $1 and status = 'confirmed' and starts_at <= statement_timestamp()
         returning *),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $2, 'doctor', 'bookings.completed', 'booking', id,
                   jsonb_build_object('doctor_id', doctor_id, 'starts_at', starts_at), $3 from b)
        select
        """ + " " + Booking.Columns + " from b";
}

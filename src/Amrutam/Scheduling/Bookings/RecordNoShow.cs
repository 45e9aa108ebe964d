using Amrutam.Platform;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Records that one party did not come; only the booking's doctor may, and not before it starts.</summary>
static class RecordNoShow
{
    public sealed record Request(string Party);

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/no-show", Handle).RequireAuthorization(Allow.Doctor)
        .WithSummary("Record a no-show").Produces<Booking>()
        .Refuses(Problems.Absent, Rules.StepNotAllowed, Rules.BookingHasNotStarted, Problems.Invalid, Rules.KeyReused);

    static async Task<IResult> Handle(Guid id, Request request, CurrentUser doctor, IdempotencyKey key,
        KeyedChange changes)
    {
        if (request.Party is not ("patient" or "doctor")) return Problems.Field("party", "must be patient or doctor");
        return await changes.Run(doctor, id, "POST /api/bookings/{id}/no-show", key, request, (connection, booking) =>
            connection.Statement(Record).With(id).With(request.Party).With(doctor.Id).With(doctor.Trace)
                .Apply(booking, Refused));
    }

    static Answer Refused(Booking booking) => booking.Status == "confirmed"
        ? Answer.Of(Rules.BookingHasNotStarted.Because())
        : ChangeBooking.Refuse(booking, "recorded as a no-show");

    const string Record = """
        with b as (
            update scheduling.bookings set status = 'no_show', no_show_party = $2, revision = revision + 1,
                 updated_at = now()
             where id = $1 and status = 'confirmed' and starts_at <= statement_timestamp()
         returning *),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $3, 'doctor', 'bookings.no_show', 'booking', id,
                   jsonb_build_object('doctor_id', doctor_id, 'party', no_show_party, 'starts_at', starts_at), $4
                        from b)
        select
        """ + " " + Booking.Columns + " from b";
}

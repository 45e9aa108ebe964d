using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>What every change of one booking shares: whose it is, the order of locks, and once per
/// Idempotency-Key.</summary>
/// <remarks>
/// The booking's row is locked first, then slots in id order, then the patient; bookings being made never wait for a
/// booking's row, so no circle of waiting can close. What you may not see is not there: another's booking is a 404.
/// </remarks>
static class ChangeBooking
{
    /// <param name="route">As in <c>POST /api/bookings/{id}/cancellation</c>; the id is put in.</param>
    public static Task<IResult> Run<T>(this KeyedChange changes, CurrentUser user, Guid id, string route,
        IdempotencyKey key, T request,
        Func<NpgsqlConnection, Booking, Task<Answer>> change) =>
        changes.Run(user, route.Replace("{id}", id.ToString(), StringComparison.Ordinal), key, request,
            async connection =>
            await connection.Statement(Lock).With(id).With(user.Id).One(Booking.Read) is { } booking
                ? await change(connection, booking)
                : Answer.Of(Problems.NotFound()));

    /// <summary>Applies a statement that answers with the changed booking, or with no row when the step is not legal
    /// now.</summary>
    public static async Task<Answer> Apply(this Statement statement, Booking before, Func<Booking, Answer> refusal) =>
        await statement.One(Booking.Read) is { } after ? Answer.Of(StatusCodes.Status200OK, after) : refusal(before);

    public static Answer Refuse(Booking booking, string step) =>
        Answer.Of(Rules.StepNotAllowed
            .Because($"A booking that is {booking.Status.Replace('_', '-')} cannot be {step}."));

    const string Lock =
        "select " + Booking.Columns + """

          from scheduling.bookings b where id = $1 and (patient_id = $2 or doctor_id = $2) for update
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>A booking as it is under its lock, with the time and what its doctor asks of those who change it.</summary>
sealed record PresentBooking(Booking Booking, Instant Now, Duration CancellationWindow)
{
    public static PresentBooking Read(NpgsqlDataReader row) => new(Booking.Read(row), row.GetInstant(Booking.Width),
        Duration.FromTimeSpan(row.GetFieldValue<TimeSpan>(Booking.Width + 1)));

    /// <summary>True when it is too late for the patient to cancel or move; a request may be taken back until it
    /// begins.</summary>
    public bool IsWithinWindow => Booking.Status != LifeCycle.Requested
        && Booking.StartsAt - Now < CancellationWindow;
}

/// <summary>What every change of one booking shares: whose it is, the order of locks, the table of legal steps, and
/// once per Idempotency-Key.</summary>
/// <remarks>
/// The booking's row is locked first, then slots in id order, then the patient; bookings being made never wait for a
/// booking's row, so no circle of waiting can close. What you may not see is not there: another's booking is a 404.
/// Staff (admin) see every booking here; each route says whether it lets them in.
/// </remarks>
readonly record struct ChangeBooking(CurrentUser User, IdempotencyKey Key, IfMatch Match, IdempotentTransaction Changes,
    SchedulingSettings Settings)
{
    /// <param name="path">What follows the booking in its route, as <c>cancellation</c>.</param>
    /// <param name="change">Runs when the step is legal now; it may still refuse.</param>
    public Task<IResult> Run<T>(Guid id, string path, BookingAction action, T request,
        Func<NpgsqlConnection, PresentBooking, Task<StoredResponse>> change)
    {
        var (user, match) = (User, Match);
        return Changes.Run(user, $"POST /api/bookings/{id}/{path}", Key, request, async connection =>
        {
            if (await Lock(connection, id, user) is not { } present) return StoredResponse.Of(
                CommonProblems.NotFound());
            if (!match.Allows(present.Booking.Revision)) return StoredResponse.Of(
                SchedulingProblems.RevisionIsStale.Because());
            var refusal = LifeCycle.Refusal(present.Booking.Status, action, present.Booking.StartsAt, present.Now);
            return refusal is null ? await change(connection, present) : StoredResponse.Of(refusal);
        });
    }

    /// <summary>Takes a step that needs nothing but to be legal.</summary>
    public Task<IResult> Take(Guid id, string path, BookingAction action)
    {
        var by = this;
        return Run(id, path, action, new { }, (connection, present) =>
            ApplyTransition.Apply(connection, present.Booking, action, by.User, by.Settings));
    }

    public static async Task<PresentBooking?> Lock(NpgsqlConnection connection, Guid id, CurrentUser user) =>
        await connection.Statement(LockRow).With(id).With(user.Id).With(user.Role).Value<bool>()
            ? await connection.Statement(ReadRow).With(id).One(PresentBooking.Read) : null;

    const string LockRow = """
        select true from scheduling.bookings
         where id = $1 and (patient_id = $2 or doctor_id = $2 or $3 = 'admin') for update
        """;

    // A statement of its own: what it reads, and its time, are from after the lock.
    const string ReadRow = "select " + Booking.Columns + """
        , statement_timestamp(), coalesce(p.cancellation_window, interval '0')
          from scheduling.bookings b left join scheduling.booking_policies p on p.doctor_id = b.doctor_id
         where b.id = $1
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>A locked booking with the database's time and its doctor's cancellation window.</summary>
sealed record PresentBooking(Booking Booking, Instant Now, Duration CancellationWindow)
{
    /// <summary>The columns that <see cref="Read"/> reads, in its order, of <see cref="Tables"/>.</summary>
    public const string Columns =
        $"{Booking.Columns}, statement_timestamp(), coalesce(p.cancellation_window, interval '0')";

    public const string Tables =
        "scheduling.bookings b left join scheduling.booking_policies p on p.doctor_id = b.doctor_id";

    public static PresentBooking Read(NpgsqlDataReader row) => new(Booking.Read(row), row.GetInstant(Booking.Width),
        Duration.FromTimeSpan(row.GetFieldValue<TimeSpan>(Booking.Width + 1)));

    /// <summary>True when it is too late for the patient to cancel or move. A request may be cancelled until it
    /// begins.</summary>
    public bool IsWithinWindow => Booking.Status != LifeCycle.Requested
        && Booking.StartsAt - Now < CancellationWindow;
}

/// <summary>The common part of every change of one booking: access, the order of locks, the table of legal steps, and
/// once per Idempotency-Key.</summary>
/// <remarks>
/// The booking's row is locked first, then slots in id order, then the patient. A booking that is being made never
/// waits for a booking's row, so no circle of waiting can close. Another person's booking is a 404. Staff and admins
/// see every booking here; each route's policy says whether it admits them.
/// </remarks>
readonly record struct ChangeBooking(CurrentUser User, IdempotencyKey Key, IfMatch Match,
    IdempotentTransaction Transaction, BookingListeners Listeners, SchedulingSettings Settings)
{
    /// <param name="change">Runs when the step is legal now; it may still refuse.</param>
    public Task<StoredResponse<Ok<Booking>>> Run<T>(Guid id, BookingAction action, T request,
        Func<NpgsqlConnection, PresentBooking, Task<StoredResponse<Ok<Booking>>>> change)
    {
        var (user, match) = (User, Match);
        var opensBefore = Duration.FromMinutes(Settings.Times.VisitOpensMinutes);
        return Transaction.Run(user, Key, request, async connection =>
        {
            if (await Lock(connection, id, user) is not { } present)
                return CommonProblems.NotFound();
            if (!match.Allows(present.Booking.Revision))
                return SchedulingProblems.RevisionIsStale.Because();
            var refusal = LifeCycle.Refusal(present.Booking.Status, action, present.Booking.StartsAt, present.Now,
                opensBefore);
            return refusal is null ? await change(connection, present) : refusal;
        });
    }

    /// <summary>Runs a step that has no condition but to be legal.</summary>
    public Task<StoredResponse<Ok<Booking>>> Apply(Guid id, BookingAction action)
    {
        var (user, listeners) = (User, Listeners);
        return Run(id, action, new { }, (connection, present) =>
            ApplyTransition.Apply(connection, present.Booking, action, user, listeners));
    }

    public static async Task<PresentBooking?> Lock(NpgsqlConnection connection, Guid id, CurrentUser user) =>
        await connection.Statement(LockRow).With(id).With(user.Id).With(user.ActsForClinic)
            .With(user.Role == Allow.Patient).Value<bool>()
            ? await connection.Statement(ReadRow).With(id).One(PresentBooking.Read) : null;

    const string LockRow = """
        select true from scheduling.bookings
         where id = $1 and (patient_id = $2 or doctor_id = $2 or $3 or ($4 and patients.holds($2, patient_id)))
           for update
        """;

    // A statement of its own: its snapshot and its time are younger than the lock.
    const string ReadRow = $"select {PresentBooking.Columns} from {PresentBooking.Tables} where b.id = $1";
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Slots;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Steps;

/// <summary>Cancels a series as a whole or from one visit on, by its patient, its doctor or staff.</summary>
/// <remarks>Every visit is judged as if it were cancelled alone. Those that cannot be cancelled stay, and the response
/// says why: a visit that took place, or one within the doctor's cancellation window.</remarks>
static class CancelSeries
{
    /// <param name="FromBookingId">The first visit to cancel; null for the whole series.</param>
    [SchemaName("CancelSeriesRequest")]
    public sealed record Request(Guid? FromBookingId = null, string? Reason = null);

    /// <param name="Outcome">cancelled, or the code of the problem.</param>
    [SchemaName("SeriesVisit")]
    public sealed record Visit(Guid BookingId, Instant StartsAt, string Outcome);

    /// <param name="Bookings">The cancelled ones.</param>
    [SchemaName("CancelledSeries")]
    public sealed record Response(Guid Id, IReadOnlyList<Booking> Bookings, IReadOnlyList<Visit> Visits);

    const int MaxReason = 500;

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/series/{id:guid}/cancellation", Handle).RequireAuthorization(Allow.SignedIn)
            .WithSummary("Cancel a series")
            .WithDescription("Cancels the visits of a series that can be cancelled, all or those from one visit on.")
            .Example(Examples.CancelledSeries)
            .WithProblems(SchedulingProblems.NoVisitCanBeCancelled, CommonProblems.Absent, CommonProblems.Invalid,
                IdempotencyProblems.KeyReused)
            .Example(new Request(Reason: "I am well again"));

    static async Task<StoredResponse<Ok<Response>>> Handle(Guid id, Request? request, CurrentUser user,
        IdempotencyKey key, IdempotentTransaction transaction, BookingListeners listeners)
    {
        var fields = new RequestValidation();
        var reason = fields.Text("reason", request?.Reason, MaxReason, required: user.ActsForClinic);
        if (fields.Wrong) return fields.Problem();
        return await transaction.Run(user, key, request ?? new(), async connection =>
        {
            var visits = await Lock(connection, id, user);
            if (visits.Count == 0) return CommonProblems.NotFound();
            var first = request?.FromBookingId is { } from ? visits.FindIndex(v => v.Booking.Id == from) : 0;
            return first < 0
                ? CommonProblems.Field("from_booking_id", "must be a booking of the series")
                : await Cancel(connection, id, visits[first..], user, reason, listeners);
        });
    }

    /// <summary>Locks the bookings of the series, then their slots, both in the order of their ids.</summary>
    /// <returns>The bookings by time.</returns>
    static async Task<List<PresentBooking>> Lock(NpgsqlConnection connection, Guid series, CurrentUser user)
    {
        var slots = await connection.Statement(LockRows).With(series).With(user.Id).With(user.ActsForClinic)
            .With(user.Role == Allow.Patient).List(row => row.GetGuid(0));
        if (slots.Count == 0) return [];
        await connection.Statement(CalendarLocks.Slots).With(slots.ToArray()).Execute();
        return await connection.Statement(ReadRows).With(series).With(user.Id).With(user.ActsForClinic)
            .With(user.Role == Allow.Patient).List(PresentBooking.Read);
    }

    static async Task<StoredResponse<Ok<Response>>> Cancel(NpgsqlConnection connection, Guid series,
        List<PresentBooking> visits, CurrentUser user, string? reason, BookingListeners listeners)
    {
        var (cancelled, outcomes) = (new List<Booking>(), new List<Visit>());
        foreach (var present in visits)
        {
            var booking = present.Booking;
            var refusal = CancelBooking.Refusal(present, user)?.Code();
            if (refusal is null)
                cancelled.Add((await ApplyTransition.Take(connection, booking, BookingAction.Cancel, user, listeners,
                    reason)).ShownTo(user));
            outcomes.Add(new(booking.Id, booking.StartsAt, refusal ?? LifeCycle.Cancelled));
        }
        return cancelled.Count > 0
            ? StoredResponse.Ok(new Response(series, cancelled, outcomes))
            : SchedulingProblems.NoVisitCanBeCancelled.Because(
                extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["visits"] = outcomes });
    }

    const string Own = """
        b.series_id = $1 and (b.patient_id = $2 or b.doctor_id = $2 or $3 or ($4 and patients.holds($2, b.patient_id)))
        """;

    const string LockRows = $"select b.slot_id from scheduling.bookings b where {Own} order by b.id for update";

    const string ReadRows = $"""
        select {PresentBooking.Columns} from {PresentBooking.Tables} where {Own} order by b.starts_at, b.id
        """;
}

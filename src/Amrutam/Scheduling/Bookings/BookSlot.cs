using Amrutam.Platform;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Books a slot for the signed-in patient: never twice, never lost once acknowledged, once per
/// Idempotency-Key.</summary>
static class BookSlot
{
    public sealed record Request(Guid SlotId, string? Reason = null);

    const int MaxReason = 500;

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("", Handle).RequireAuthorization(Allow.Patient)
        .WithSummary("Book a slot").Produces<Booking>(StatusCodes.Status201Created)
            .Refuses([.. Rules.OfBooking, Problems.Invalid]);

    static async Task<IResult> Handle(Request request, CurrentUser patient, IdempotencyKey key, BookingBatch batch,
        RefusedKeys refusals)
    {
        var fields = new Fields();
        var reason = fields.Text("reason", request.Reason, MaxReason);
        if (fields.Wrong) return fields.Problem();
        var fingerprint = key.Value is null ? null : IdempotencyKey.Fingerprint(request);
        var answer = await batch.Book(new(Guid.CreateVersion7(), request.SlotId, patient, reason, key.Value,
            fingerprint, Problems.Trace()));
        return key.Value is null || answer.Replayed || answer.Status is not (404 or 409) ? answer
            : await refusals.Keep(patient.Id, "POST /api/bookings", key.Value, fingerprint!, answer);
    }
}

using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Books a slot, or a slot of any doctor of a specialization: never twice, never lost once acknowledged, once
/// per Idempotency-Key. The patient is the caller or a dependant.</summary>
/// <remarks>With a doctor who confirms requests, the booking is a request and holds the slot until its
/// answer.</remarks>
static class BookSlot
{
    /// <param name="SlotId">The slot; or, instead of it, a specialization and a time.</param>
    /// <param name="VisitTypeId">The doctor's default kind when not given.</param>
    /// <param name="ExpectedFeeMinor">The price that the caller saw; another one is refused.</param>
    /// <param name="PatientId">The caller's own record when not given, or a dependant.</param>
    public sealed record Request(Guid? SlotId = null, string? Reason = null, string? Specialization = null,
        Instant? StartsAt = null, TimeRange? Between = null, Guid? PatientId = null, Guid? VisitTypeId = null,
        int? ExpectedFeeMinor = null);

    /// <summary>From (included) to (not included).</summary>
    [SchemaName("TimeRange")]
    public sealed record TimeRange(Instant From, Instant To);

    public const int MaxReason = 500, MaxSpecialization = 200;

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("", Handle).RequireAuthorization(Allow.Patient)
            .InvalidatesItself()
            .WithSummary("Book a slot")
            .WithDescription(
                "By slot, or with any doctor of a specialization at a time. An Idempotency-Key "
                + "makes it safe to repeat.")
            .Example(new Request(Guid.Parse(ExampleValues.Id), "Follow-up"))
            .WithLocation().WithETag().Example(Examples.Confirmed)
            .WithProblems([.. SchedulingProblems.OfBooking, .. SchedulingProblems.OfVisit,
                SchedulingProblems.NoDoctorIsFree,
                SchedulingProblems.NoSuchSpecialization, CommonProblems.Invalid]);

    static async Task<StoredResponse<Created<Booking>>> Handle(Request request, CurrentUser account, IdempotencyKey key,
        BookingBatch batch, AnyDoctor anyDoctor, Alternatives alternatives, RefusedKeys refusals, NpgsqlDataSource db)
    {
        if (Misshapen(request) is { } malformed) return malformed;
        var fields = new RequestValidation();
        var reason = fields.Text("reason", request.Reason, MaxReason);
        var specialization = fields.Name("specialization", request.Specialization, MaxSpecialization,
            required: request.SlotId is null);
        fields.Refuse(request.Between is { } range && range.To <= range.From, "between", "must end after it begins");
        if (fields.Wrong) return fields.Problem();
        var fingerprint = key.Value is null ? null
            : IdempotencyKey.Fingerprint(request, SchedulingJson.Wire.BookSlotRequest);
        var wanted = new BookingRequest(Guid.CreateVersion7(), request.SlotId ?? default, account,
            request.PatientId ?? account.Id, reason, key, fingerprint, CommonProblems.Trace(),
            VisitTypeId: request.VisitTypeId, ExpectedFee: request.ExpectedFeeMinor);
        var (response, slot) = request.SlotId is { } named ? (await batch.Book(wanted), named)
            : await anyDoctor.Book(wanted, specialization!, request.StartsAt, request.Between);
        if (response.Code is null) return response;
        if (request.SlotId is not null) response = await alternatives.AddTo(response, slot, request.VisitTypeId);
        if (CheckBookability.HasFacts(response))
        {
            await using var connection = await db.OpenConnectionAsync();
            response = await CheckBookability.Explain(connection, response, slot, wanted.PatientId, account.Id,
                request.VisitTypeId);
        }
        return key.Value is null || response.Replayed || !response.IsFinal ? response
            : await refusals.Store(account.Id, key, fingerprint!, response);
    }

    /// <summary>A body that names neither a slot nor a time cannot be read as a booking at all.</summary>
    static ProblemHttpResult? Misshapen(Request r)
    {
        var byTime = r.Specialization is not null || r.StartsAt is not null || r.Between is not null;
        if (r.SlotId is not null && byTime)
            return CommonProblems.Field("slot_id", "cannot be given together with a specialization or a time");
        if (r.SlotId is null && !byTime) return Missing("slot_id");
        if (r.SlotId is null && r.Specialization is null) return Missing("specialization");
        return r.SlotId is null && r.StartsAt is null == r.Between is null
            ? CommonProblems.Field("starts_at", "is required, or between; not both") : null;

        static ProblemHttpResult Missing(string field) => CommonProblems.Malformed.Because("Missing: " + field,
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["errors"] = new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = ["is required"] },
            });
    }
}

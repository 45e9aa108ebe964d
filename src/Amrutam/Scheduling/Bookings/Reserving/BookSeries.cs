using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Books a slot and the same doctor's slots at the same local time in the following weeks: all of them, or
/// those that are possible.</summary>
/// <remarks>One transaction: all of the response's bookings exist or none does. The local time is in the doctor's zone,
/// so a series keeps its hour when the clocks change.</remarks>
static class BookSeries
{
    /// <param name="SlotId">The first one.</param>
    /// <param name="Mode">all_or_nothing, or possible.</param>
    /// <param name="VisitTypeId">The kind of each visit; the doctor's default when not given.</param>
    /// <param name="PatientId">The caller's own record when not given, or a dependant.</param>
    /// <param name="ExpectedFeeMinor">The price of each visit that the caller saw; another one is refused.</param>
    public sealed record Request(Guid SlotId, int Occurrences, int EveryWeeks = 1, string Mode = AllOrNothing,
        string? Reason = null, Guid? PatientId = null, Guid? VisitTypeId = null, int? ExpectedFeeMinor = null);

    /// <param name="Outcome">confirmed or requested, or the code of the problem.</param>
    [SchemaName("SeriesOccurrence")]
    public sealed record Occurrence(LocalDate Date, Instant? StartsAt, string Outcome, Guid? BookingId);

    [SchemaName("BookingSeries")]
    public sealed record Series(Guid Id, IReadOnlyList<Booking> Bookings, IReadOnlyList<Occurrence> Report);

    sealed record Start(Guid Doctor, Instant At, string Zone);

    /// <summary>The instant and the slot of one occurrence; null where there is none.</summary>
    sealed record Place(LocalDate Date, Instant? StartsAt, Guid? Slot);

    public const string AllOrNothing = "all_or_nothing", Possible = "possible";

    // Half a year of weeks. More than a quarter of a year between two bookings makes no series.
    public const int MaxOccurrences = 26, MaxWeeks = 12;

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/series", Handle).RequireAuthorization(Allow.Patient)
            .WithSummary("Book a series")
            .WithDescription(
                "Books the same local time in the weeks that follow, all of them or the possible "
                + "ones.")
            .Example(Examples.Series)
            .WithProblems(SchedulingProblems.SeriesIsNotPossible, SchedulingProblems.TooManySeries,
                SchedulingProblems.PriceHasChanged, CommonProblems.Absent, CommonProblems.Invalid,
                IdempotencyProblems.KeyReused)
            .Example(new Request(Guid.Parse(ExampleValues.Id), 6, Mode: Possible));

    static async Task<StoredResponse<Created<Series>>> Handle(Request request, CurrentUser account, IdempotencyKey key,
        IdempotentTransaction transaction, CheckBookability bookability, SchedulingLimits limits)
    {
        var fields = new RequestValidation();
        var reason = fields.Text("reason", request.Reason, BookSlot.MaxReason);
        fields.Refuse(request.Occurrences is < 2 or > MaxOccurrences, "occurrences", $"must be 2 to {MaxOccurrences}")
            .Refuse(request.EveryWeeks is < 1 or > MaxWeeks, "every_weeks", $"must be 1 to {MaxWeeks}")
            .Refuse(request.Mode is not (AllOrNothing or Possible), "mode", $"must be {AllOrNothing} or {Possible}");
        if (fields.Wrong) return fields.Problem();
        return await transaction.Run(account, key, request, async connection =>
        {
            var patient = request.PatientId ?? account.Id;
            var places = await FindPlaces(connection, request);
            if (places.Count == 0) return CommonProblems.NotFound();
            var slots = places.Where(p => p.Slot is not null).Select(p => p.Slot!.Value).ToArray();
            var judged = slots.Zip(await bookability.CheckVisits(connection, slots, patient, account,
                new(request.VisitTypeId, request.ExpectedFeeMinor))).ToDictionary(s => s.First, s => s.Second);
            if (judged.Values.Select(p => p.Refusal).FirstOrDefault(SchedulingProblems.IsAboutBookingFor) is { } code)
                return SchedulingProblems.Named(code).Because();
            if (judged.FirstOrDefault(p => p.Value.Refusal == SchedulingProblems.PriceHasChanged.Code)
                is { Value: not null } dearer)
                return await CheckBookability.Explain(connection,
                    StoredResponse.Of(SchedulingProblems.PriceHasChanged.Because()), dearer.Key, patient, account.Id,
                    request.VisitTypeId);
            if (limits.OpenSeriesPerPatient > 0 && limits.OpenSeriesPerPatient
                <= await connection.Statement(OpenSeries).With(account.Id).Value<long>())
                return SchedulingProblems.TooManySeries.Because();
            return await Book(connection, request, reason, places, judged, patient, account);
        });
    }

    /// <summary>Every occurrence by the doctor's wall clock; the first is the requested slot. Empty when that does not
    /// exist.</summary>
    static async Task<List<Place>> FindPlaces(NpgsqlConnection connection, Request request)
    {
        var start = await connection.Statement(First).With(request.SlotId).One(row =>
            new Start(row.GetGuid(0), row.GetInstant(1), row.GetString(2)));
        if (start is null) return [];
        var zone = TimeZones.Zone(start.Zone) ?? DateTimeZone.Utc;
        var local = start.At.InZone(zone).LocalDateTime;
        var wanted = Enumerable.Range(0, request.Occurrences).Select(n => local.PlusWeeks(n * request.EveryWeeks))
            .Select((at, n) => (at.Date, At: n == 0 ? start.At : TimeZones.At(at, zone))).ToList();
        var slots = (await connection.Statement(SlotsAt).With(start.Doctor)
            .With(wanted.Where(w => w.At is not null).Select(w => w.At!.Value.ToDateTimeUtc()).ToArray())
            .List(row => (At: row.GetInstant(0), Slot: row.GetGuid(1)))).ToDictionary(s => s.At, s => s.Slot);
        return [.. wanted.Select((w, n) => new Place(w.Date, w.At, n == 0 ? request.SlotId
            : w.At is { } at && slots.TryGetValue(at, out var slot) ? slot : null))];
    }

    static async Task<StoredResponse<Created<Series>>> Book(NpgsqlConnection connection, Request request,
        string? reason, List<Place> places, Dictionary<Guid, VisitPlace> judged, Guid patient, CurrentUser account)
    {
        var report = places.ConvertAll(p => new Occurrence(p.Date, p.StartsAt, Refusal(p, judged) ?? "", null));
        var refused = report.Count(o => o.Outcome.Length > 0);
        if (refused == report.Count || (refused > 0 && request.Mode == AllOrNothing))
            return SchedulingProblems.SeriesIsNotPossible.Because(
                $"{refused} of {report.Count} cannot be booked.",
                new Dictionary<string, object?>(StringComparer.Ordinal)
                { ["report"] = report.ConvertAll(o => o.Outcome.Length > 0 ? o : o with { Outcome = Possible }) });
        var series = Guid.CreateVersion7();
        var free = judged.Values.Where(p => p.Refusal is null).ToList();
        var booked = await InsertBookings.Insert(connection, free, patient, account, reason, series);
        var at = booked.ToDictionary(b => b.StartsAt);
        return StoredResponse.Created(new Series(series, booked, report.ConvertAll(o =>
            o is { Outcome.Length: 0, StartsAt: { } starts } && at.TryGetValue(starts, out var b)
                ? o with { Outcome = b.Status, BookingId = b.Id } : o)));
    }

    static string? Refusal(Place place, Dictionary<Guid, VisitPlace> judged) => place switch
    {
        { StartsAt: null } => SchedulingProblems.LocalTimeDoesNotExist.Code,
        { Slot: { } slot } => judged[slot].Refusal,
        _ => SchedulingProblems.NoSlotAtThatTime.Code,
    };

    const string First = """
        select s.doctor_id, s.starts_at, d.time_zone
          from scheduling.slots s join doctors.practitioners d on d.id = s.doctor_id where s.id = $1
        """;

    const string SlotsAt = """
        select starts_at, id from scheduling.slots
         where doctor_id = $1 and starts_at = any($2::timestamptz[]) and closed_at is null
        """;

    const string OpenSeries = """
        select count(distinct series_id)
          from (select * from scheduling.bookings where patient_id = $1
                union all select * from scheduling.bookings where booked_by = $1) b
         where series_id is not null and status in ('requested', 'confirmed') and starts_at > statement_timestamp()
        """;
}

using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Generation;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Schedule;

/// <summary>Shows what new weekly rules would change, and saves nothing.</summary>
static class PreviewAvailability
{
    /// <summary>A time with the doctor's wall clock.</summary>
    [SchemaName("PreviewedSlot")]
    public sealed record Shown(
        Instant StartsAt, Instant EndsAt, LocalDate Date, LocalTime StartTime, LocalTime EndTime);

    /// <summary>A part of a rule's wall-clock time that a clock change skips or repeats.</summary>
    [SchemaName("LocalTimeRange")]
    public sealed record LocalStretch(LocalDate Date, LocalTime From, LocalTime To);

    /// <param name="Added">The first 100 new slots; the count has all.</param>
    /// <param name="Removed">The first 100 slots to be closed.</param>
    /// <param name="LocalTimesSkipped">Times that do not exist and have no slots.</param>
    /// <param name="LocalTimesRepeated">Times that come twice and have slots in both.</param>
    /// <param name="VisitTypes">The kinds of visit that the doctor offers, in the doctor's order.</param>
    public sealed record Response(
        int SlotsAdded, int SlotsRemoved, int SlotsKept, IReadOnlyList<Shown> Added, IReadOnlyList<Shown> Removed,
        IReadOnlyList<ConflictingBooking> BookingsOutside,
        IReadOnlyList<LocalStretch> LocalTimesSkipped, IReadOnlyList<LocalStretch> LocalTimesRepeated,
        IReadOnlyList<VisitTypesOfRules.Preview> VisitTypes);

    const int MostShown = 100;

    public static void Map(RouteGroupBuilder availability) => availability.MapPost("/preview", Handle)
        .WithSummary("Preview a new weekly availability")
        .WithDescription("Computes the change of slots, and where each kind of visit fits. Saves nothing.")
        .Example(Examples.Week).Example(Examples.Preview)
        .WithProblems(SchedulingProblems.DoctorHasNoProfile, SchedulingProblems.VisitTypeNotOffered,
            CommonProblems.Invalid);

    static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(
        WeeklySchedule request, CurrentUser doctor, NpgsqlDataSource db, CancellationToken ct)
    {
        var fields = new RequestValidation();
        var week = request.Read(fields);
        if (fields.Wrong) return fields.Problem();
        await using var connection = await db.OpenConnectionAsync(ct);
        if (await DoctorCalendar.Of(connection, doctor.Id, ct) is not { } calendar)
            return SchedulingProblems.DoctorHasNoProfile.Because();
        if (await VisitTypesOfRules.Refusal(connection, doctor.Id, request, ct) is { } refusal) return refusal;
        var plan = calendar.Plan(week, request);
        var last = calendar.Today.PlusDays(request.HorizonDays);
        var changes = SlotGenerator.ClockChanges(week, calendar.Zone, calendar.Today, last).ToList();
        return TypedResults.Ok(new Response(plan.Added, plan.Removed, plan.Kept,
            Show(plan.Publish.Concat(plan.Reopen.Select(slot => slot.Time)), calendar.Zone),
            Show(plan.Close.Where(c => !c.Slot.Withdrawn).Select(c => c.Slot.Time), calendar.Zone),
            [.. calendar.Outside(week).Select(ConflictingBooking.Of)],
            Stretches(changes.Where(change => change.Skipped)), Stretches(changes.Where(change => !change.Skipped)),
            await VisitTypesOfRules.Of(connection, doctor.Id, calendar.Wanted(week, request), ct)));
    }

    static List<Shown> Show(IEnumerable<Interval> times, DateTimeZone zone) =>
        [.. times.OrderBy(time => time.Start).Take(MostShown).Select(time =>
        {
            var (from, to) = (time.Start.InZone(zone), time.End.InZone(zone));
            return new Shown(time.Start, time.End, from.Date, from.TimeOfDay, to.TimeOfDay);
        })];

    static List<LocalStretch> Stretches(IEnumerable<ClockChange> changes) =>
        [.. changes.Select(c => new LocalStretch(c.From.Date, c.From.TimeOfDay, c.To.TimeOfDay))];
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Slots;

/// <summary>Publishes one slot of the signed-in doctor.</summary>
/// <remarks>The time is a date and wall-clock times in the doctor's zone, or two instants. A wall-clock time that the
/// clocks skip is refused; of a repeated one the first is taken. The exclusion constraint refuses slots of a doctor
/// that overlap.</remarks>
static class PublishSlot
{
    public sealed record Request(LocalDate? Date = null, LocalTime? StartTime = null, EndTime? EndTime = null,
        Instant? StartsAt = null, Instant? EndsAt = null);

    static readonly Duration Longest = Duration.FromHours(12);

    // Shorter than any visit. It is no constraint of the table, because a former version stored shorter slots, and they
    // can still be booked and closed.
    static readonly Duration Shortest = Duration.FromMinutes(1);

    public static void Map(RouteGroupBuilder slots) => slots.MapPost("", Handle).RequireAuthorization(Allow.Doctor)
        .WithSummary("Publish a slot")
        .WithDescription("By date and local times in the doctor's time zone, or by two instants.")
        .Example(new Request(new LocalDate(2030, 1, 7), new LocalTime(9, 30),
            new EndTime(new LocalTime(10, 0))))
        .WithLocation().Example(Examples.Open)
        .WithProblems(SchedulingProblems.DoctorHasNoProfile, SchedulingProblems.SlotsOfADoctorDoNotOverlap,
            SchedulingProblems.SlotIsInTimeOff, SchedulingProblems.SlotIsInThePast, SchedulingProblems.SlotIsTooLong,
            SchedulingProblems.SlotIsTooShort, SchedulingProblems.LocalTimeDoesNotExist, CommonProblems.Invalid,
            IdempotencyProblems.KeyReused);

    static async Task<StoredResponse<Created<Slot>>> Handle(Request request, CurrentUser doctor, IdempotencyKey key,
        IdempotentTransaction transaction,
        NpgsqlDataSource db, CancellationToken ct)
    {
        if (await db.Statement(ZoneOfDoctor).With(doctor.Id).Value<string>(ct) is not { } zoneId)
            return SchedulingProblems.DoctorHasNoProfile.Because();
        var (starts, ends, refusal) = Interval(request, TimeZones.Zone(zoneId)!);
        if (refusal is not null) return refusal;
        var slot = Slot.Of(Guid.CreateVersion7(), doctor.Id, starts, ends, zoneId, "open");
        var start = request.Date is null ? "starts_at" : "start_time";
        return await transaction.Run(doctor, key, request, connection =>
            Publish(connection, slot, start, doctor));
    }

    /// <param name="start">The request's field with the start.</param>
    static async Task<StoredResponse<Created<Slot>>> Publish(NpgsqlConnection connection, Slot slot, string start,
        CurrentUser doctor)
    {
        await CalendarLocks.LockCalendars(connection, doctor.Id);
        var outcome = await connection.Statement(Insert).With(slot.Id).With(slot.DoctorId).With(slot.StartsAt)
            .With(slot.EndsAt).With(doctor.Trace).Value<string>();
        return outcome switch
        {
            "published" => StoredResponse.Created(slot, "/api/slots/" + slot.Id),
            "away" => SchedulingProblems.SlotIsInTimeOff.Because(),
            "past" => SchedulingProblems.SlotIsInThePast.About(start),
            _ => SchedulingProblems.SlotsOfADoctorDoNotOverlap.Because(
                extensions: new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["slots"] = await connection.Statement(Overlapping).With(doctor.Id).With(slot.StartsAt)
                        .With(slot.EndsAt).List(Slot.Read),
                }),
        };
    }

    static (Instant Starts, Instant Ends, ProblemHttpResult? Refusal) Interval(Request r, DateTimeZone zone)
    {
        var (starts, ends, refusal) = r switch
        {
            { StartsAt: { } from, EndsAt: { } to, Date: null, StartTime: null, EndTime: null } => (from, to, null),
            { Date: { } date, StartTime: { } from, EndTime: { } to, StartsAt: null, EndsAt: null } =>
                OnTheWall(date, from, to.Value, zone),
            _ => (default, default, CommonProblems.Fields(Missing(r))),
        };
        if (refusal is not null) return (starts, ends, refusal);
        var end = r.Date is null ? "ends_at" : "end_time";
        if (ends <= starts) return (starts, ends, CommonProblems.Field(end, "must be after the start"));
        return (starts, ends, ends - starts > Longest ? SchedulingProblems.SlotIsTooLong.About(end)
            : ends - starts < Shortest ? SchedulingProblems.SlotIsTooShort.About(end) : null);
    }

    static (Instant, Instant, ProblemHttpResult?) OnTheWall(LocalDate date, LocalTime from, LocalTime to,
        DateTimeZone zone)
    {
        // A slot from 22:00 to 00:00 ends at the end of the day.
        var lastDay = to == LocalTime.Midnight && from != LocalTime.Midnight ? date.PlusDays(1) : date;
        if (TimeZones.At(date + from, zone) is not { } starts) return Skipped("start_time", date + from);
        return TimeZones.At(lastDay + to, zone) is { } ends ? (starts, ends, null) : Skipped("end_time", lastDay + to);

        (Instant, Instant, ProblemHttpResult?) Skipped(string field, LocalDateTime time) => (default, default,
            SchedulingProblems.LocalTimeDoesNotExist.About(field,
                $"{time:HH:mm} does not exist on {time:uuuu-MM-dd} in {zone.Id}: the clocks skip it."));
    }

    static Dictionary<string, string[]> Missing(Request r)
    {
        string[] required = ["is required, unless starts_at and ends_at are given"];
        string[] excluded = ["cannot be given together with a local time"];
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (r.StartsAt is null && r.EndsAt is null)
        {
            if (r.Date is null) errors["date"] = required;
            if (r.StartTime is null) errors["start_time"] = required;
            if (r.EndTime is null) errors["end_time"] = required;
            return errors;
        }
        if (r.StartsAt is null) errors["starts_at"] = ["is required"];
        if (r.EndsAt is null) errors["ends_at"] = ["is required"];
        if (errors.Count == 0)
            errors[r.Date is not null ? "date" : r.StartTime is not null ? "start_time" : "end_time"] = excluded;
        return errors;
    }

    public const string ZoneOfDoctor = "select time_zone from doctors.practitioners where id = $1";

    const string Overlapping = "select " + Slot.Columns + """

          from scheduling.slots s join doctors.practitioners p on p.id = s.doctor_id
         where s.doctor_id = $1 and s.closed_at is null and s.ends_at > $2 and s.starts_at < $3
           and s.starts_at > $2::timestamptz - interval '12 hours'
         order by s.starts_at limit 10
        """;

    const string Insert = """
        with asked as (
            select case when $3::timestamptz <= statement_timestamp() then 'past'
                        when exists (select from scheduling.time_off
                                      where doctor_id = $2 and ends_at > $3 and starts_at < $4::timestamptz) then 'away'
                   end as refusal),
        published as (
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
            select $1, $2, $3, $4 from asked where refusal is null
            on conflict do nothing
            returning id, doctor_id),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select doctor_id, 'doctor', 'slots.published', 'slot', id, '{"count": 1}', $5 from published)
        select coalesce(refusal, case when exists (select from published) then 'published' else 'overlap' end)
          from asked
        """;
}

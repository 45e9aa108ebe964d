using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Generation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Schedule;

/// <summary>Explains why a time of a doctor can or cannot be booked, in a sentence and a code, without the patient who
/// booked it.</summary>
static class ExplainTime
{
    /// <param name="Code">The reason for programs.</param>
    /// <param name="Explanation">The reason for people.</param>
    /// <param name="SlotId">The bookable slot, or null.</param>
    public sealed record Response(
        Instant At, LocalDate Date, LocalTime Time, string TimeZone, bool Bookable, string Code, string Explanation,
        Guid? SlotId);

    sealed record Facts(
        DateTimeZone Zone, WeeklySchedule Offered, Instant Now, Guid? SlotId, string? SlotState, bool Away);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/doctors/{id:guid}/explanation", Handle)
        .AllowAnonymous().WithTags("Slots").WithSummary("Explain why a time can or cannot be booked")
        .WithDescription("The reason as a code and a sentence, for a kind of visit or the doctor's default. "
            + "It never contains who booked the time.")
        .Example("at", Examples.Open.StartsAt).Example(Examples.Explanation).WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(
        Guid id, QueryInstant at, NpgsqlDataSource db, SchedulingSettings settings, CancellationToken ct,
        [FromQuery(Name = "visit_type_id")] Guid? visitType = null)
    {
        var facts = await db.Statement(Select)
            .With(id).With(at.Value).With(settings.VerifiedDoctorsOnly).With(visitType).One(Read, ct);
        if (facts is null) return CommonProblems.NotFound();
        var code = Code(facts, at.Value);
        var local = at.Value.InZone(facts.Zone);
        var bookable = code is Bookable or ForFollowUps;
        return TypedResults.Ok(new Response(at.Value, local.Date, local.TimeOfDay, facts.Zone.Id, bookable,
            code, Sentences[code], bookable ? facts.SlotId : null));
    }

    const string Bookable = "bookable", ForFollowUps = "bookable_as_follow_up", Closed = "closed";

    /// <summary>Every answer that there is.</summary>
    public static IReadOnlyList<string> Codes => [.. Sentences.Keys];

    static readonly Dictionary<string, string> Sentences = new(StringComparer.Ordinal)
    {
        [Bookable] = "This time can be booked.",
        [ForFollowUps] = "This time can be booked by patients who have had a recent visit with this doctor.",
        [SchedulingProblems.VisitTypeNotOffered.Code] = "This doctor does not offer that kind of visit.",
        [SchedulingProblems.SlotIsForOtherVisits.Code] = "The doctor keeps this time for other kinds of visit.",
        [SchedulingProblems.SlotTooShort.Code] = "There is not enough free time for that kind of visit.",
        ["in_the_past"] = "This time is in the past.",
        ["started"] = "The appointment time that this lies in has already begun.",
        ["booked"] = "This time is already booked.",
        ["held"] = "Somebody is about to book this time; it may be free again in a few minutes.",
        ["minimum_notice"] = "This doctor needs more notice than is left before this time.",
        ["time_off"] = "The doctor is away at this time.",
        [Closed] = "The doctor has closed this time.",
        ["no_rules"] = "The doctor has not said when they see patients, and no appointment is offered at this time.",
        ["outside_rules"] = "The doctor does not see patients at this time of that day.",
        ["beyond_horizon"] = "This time is further ahead than the doctor takes bookings.",
        ["between_slots"] = "This time lies between two appointments.",
        ["overlaps_another_slot"] = "An appointment at this time would overlap another one.",
    };

    static string Code(Facts facts, Instant at) =>
        at <= facts.Now ? "in_the_past"
        : facts.SlotState is { } state and not Closed ? state
        : facts.Away ? "time_off"
        : facts.SlotState is Closed ? Closed
        : facts.Offered.Rules.Count == 0 ? "no_rules"
        : ByRules(facts, at);

    /// <summary>The code for a time without a slot, by the doctor's rules.</summary>
    static string ByRules(Facts facts, Instant at)
    {
        var (week, zone) = (facts.Offered.Windows(), facts.Zone);
        var date = at.InZone(zone).Date;
        var horizon = facts.Now.InZone(zone).Date.PlusDays(facts.Offered.HorizonDays);
        if (!SlotGenerator.Windows(week, zone, date, date).Any(w => w.Time.Contains(at))) return "outside_rules";
        if (!SlotGenerator.Windows(week, zone, date, LocalDate.Min(date, horizon)).Any(w => w.Time.Contains(at)))
            return "beyond_horizon";
        var dayBefore = SlotGenerator.StartOfDay(date.PlusDays(-1), zone);
        return SlotGenerator.Slots(week, zone, dayBefore, date).Any(slot => slot.Contains(at))
            ? "overlaps_another_slot" : "between_slots";
    }

    static Facts Read(NpgsqlDataReader row) => new(
        TimeZones.Zone(row.GetString(0)) ?? DateTimeZone.Utc, row.IsDBNull(1) ? WeeklySchedule.Nothing : new(
            JsonSerializer.Deserialize<List<ScheduleRule>>(row.GetString(1), Json.Options)!, 0, row.GetInt32(2)),
        row.GetInstant(3), row.GetGuidOrNull(4), row.GetStringOrNull(5), row.GetBoolean(6));

    // A slot that rules or time off closed or withdrew is left out: the rules or the time off are the reason.
    const string Select = """
        select d.time_zone, a.rules, a.horizon_days, statement_timestamp(), s.id,
               case when s.state = 'closed' then 'closed' when s.starts_at <= statement_timestamp() then 'started'
                    when s.state <> 'open' then s.state
                    when s.bookable_until <= statement_timestamp() then 'minimum_notice'
                    when s.state = 'open' then (
                        select coalesce(v.refusal,
                                   case when v.first is false then 'bookable_as_follow_up' else 'bookable' end)
                          from scheduling.visit_at_slot(s.id, d.id, s.starts_at, s.ends_at, $4, null, null) v) end,
               exists (select from scheduling.time_off o
                        where o.doctor_id = d.id and o.starts_at <= $2 and o.ends_at > $2)
          from doctors.bookable_doctors($3) d
          left join scheduling.availability a on a.doctor_id = d.id
          left join lateral (
            select s.*, scheduling.slot_state(s) as state from scheduling.slots s
             where doctor_id = d.id and starts_at <= $2 and starts_at > $2 - interval '12 hours' and ends_at > $2
               and closed_because is null
               and (booking_id is not null or held_until > statement_timestamp()
                    or bookable_until is distinct from '-infinity')
             order by closed_at is not null limit 1) s on true
         where d.id = $1
        """;
}

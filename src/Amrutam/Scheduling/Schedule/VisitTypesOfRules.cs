using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Generation;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Schedule;

/// <summary>The kinds of visit that weekly rules name, against those that the doctor offers.</summary>
static class VisitTypesOfRules
{
    /// <summary>A kind that the doctor offers, under new rules.</summary>
    /// <param name="Slots">The number of slots at which a visit of the kind can begin, booked or not.</param>
    /// <param name="Code">The reason why there are none: <c>slot_is_for_other_visits</c> or <c>slot_too_short</c>; null
    /// if there are some, or no slots at all.</param>
    [SchemaName("PreviewedVisitType")]
    public sealed record Preview(Guid VisitTypeId, string Name, int Slots, string? Code);

    sealed record Kind(Guid Id, string Name, Duration Length);

    /// <returns>409 <c>visit_type_not_offered</c> if a rule names a kind that the doctor does not offer, or
    /// null.</returns>
    public static async Task<ProblemHttpResult?> Refusal(NpgsqlConnection connection, Guid doctor,
        WeeklySchedule schedule, CancellationToken ct = default) =>
        await connection.Statement(SelectUnknown).With(doctor).With(schedule.VisitTypes.ToArray()).Value<Guid?>(ct)
            is { } unknown
            ? SchedulingProblems.VisitTypeNotOffered.Because($"You do not offer {unknown}, which a rule names.") : null;

    /// <param name="slots">The slots of the new rules, by time.</param>
    public static async Task<List<Preview>> Of(NpgsqlConnection connection, Guid doctor,
        IReadOnlyList<(WeeklyWindow Window, Interval Time)> slots, CancellationToken ct) =>
        (await connection.Statement(SelectOffered).With(doctor).List(row =>
            new Kind(row.GetGuid(0), row.GetString(1), Duration.FromMinutes(row.GetInt32(2))), ct))
        .ConvertAll(kind =>
        {
            var (serving, fitting) = VisitStarts.Count(slots, kind.Id, kind.Length);
            return new Preview(kind.Id, kind.Name, fitting, fitting > 0 || slots.Count == 0 ? null
                : (serving == 0 ? SchedulingProblems.SlotIsForOtherVisits : SchedulingProblems.SlotTooShort).Code);
        });

    const string SelectUnknown = """
        select k from unnest($2::uuid[]) k
         where not exists (select from scheduling.offered_visit_types v where v.doctor_id = $1 and v.id = k) limit 1
        """;

    const string SelectOffered = """
        select v.id, v.name, v.minutes from scheduling.offered_visit_types v where v.doctor_id = $1 order by v.position
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Analytics.Visits;

/// <summary>Gives the number of visits by the doctors' present specialization, the most visited first.</summary>
static class ReadVisitsBySpecialization
{
    [SchemaName("VisitsOfSpecialization")]
    public sealed record Item(string Specialization, VisitCounts Visits);

    [SchemaName("VisitsBySpecialization")]
    public sealed record Response(IReadOnlyList<Item> Items, bool UpToDate);

    // Doctors write their specialization themselves, so there may be as many as doctors.
    public const int Most = 500;

    public static void Map(RouteGroupBuilder analytics) => analytics.MapGet("/specializations", Handle)
        .RequireAuthorization(Allow.DeskOrDoctor).WithSummary("Count visits by specialization")
        .WithDescription($"""
            By the day in each doctor's time zone; at most {Most} specializations. Doctors read one finished calendar
            month, and a count of fewer than {VisitCounts.Fewest} visits of other doctors is null for them.
            """)
        .WithProblems(CommonProblems.Invalid);

    static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle([AsParameters] FigurePeriod period,
        CurrentUser caller, NpgsqlDataSource db, VisitFigures figures, TimeProvider clock, CancellationToken ct)
    {
        if (period.Check(clock, out var days)
            .Refuse(!caller.ActsForClinic && !FigurePeriod.IsFinishedMonth(days, Clinic.Today(clock)), "from",
                "must be the first day of a finished month, with to as its last day") is { Wrong: true } fields)
            return fields.Problem();
        var upToDate = await figures.CatchUp(ct);
        var rows = await db.Statement(Select).With(days.First).With(days.Last).With(caller.Id).With(2 * Most)
            .List(row => (Field: row.GetString(0), IsOwn: row.GetBoolean(1), Visits: VisitCounts.Read(row, 2)), ct);
        return TypedResults.Ok(new Response(
            [.. rows.GroupBy(r => r.Field, (field, parts) => new Item(field, parts.Select(part =>
                caller.ActsForClinic || part.IsOwn ? part.Visits : part.Visits.WithoutSmallGroups())
                .Aggregate((one, other) => one + other)))], upToDate));
    }

    const string Select = $"""
        select coalesce(p.specialization, '') as field, d.doctor_id = $3 as is_own, {VisitCounts.Columns}
          from analytics.visit_days d left join doctors.practitioners p on p.id = d.doctor_id
         where d.day between $1 and $2 group by 1, 2 having sum(d.n) > 0
         order by sum(sum(d.n)) over (partition by coalesce(p.specialization, '')) desc, 1, 2 limit $4
        """;
}

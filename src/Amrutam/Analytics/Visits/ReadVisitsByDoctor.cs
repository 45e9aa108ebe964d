using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Analytics.Visits;

/// <summary>Gives the number of visits by doctor, the most visited first.</summary>
static class ReadVisitsByDoctor
{
    /// <param name="DoctorName">Null if the doctor has no profile any more.</param>
    [SchemaName("VisitsOfDoctor")]
    public sealed record Item(Guid DoctorId, string? DoctorName, string? Specialization, VisitCounts Visits);

    [SchemaName("VisitsByDoctor")]
    public sealed record Response(IReadOnlyList<Item> Items, bool UpToDate);

    // More doctors than a page can show. The figures of one doctor are in the counts by day.
    public const int Most = 500;

    public static void Map(RouteGroupBuilder analytics) => analytics.MapGet("/doctors", Handle)
        .RequireAuthorization(Allow.Desk).WithSummary("Count visits by doctor")
        .WithDescription($"By the day in each doctor's time zone; at most {Most} doctors.")
        .WithProblems(CommonProblems.Invalid);

    static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle([AsParameters] FigurePeriod period,
        NpgsqlDataSource db, VisitFigures figures, TimeProvider clock, CancellationToken ct,
        string? specialization = null)
    {
        if (period.Check(clock, out var days) is { Wrong: true } fields) return fields.Problem();
        var upToDate = await figures.CatchUp(ct);
        var items = await db.Statement(Select).With(days.First).With(days.Last).With(specialization).With(Most)
            .List(row => new Item(row.GetGuid(0), row.GetStringOrNull(1), row.GetStringOrNull(2),
                VisitCounts.Read(row, 3)), ct);
        return TypedResults.Ok(new Response(items, upToDate));
    }

    const string Select = $"""
        select d.doctor_id, p.full_name, p.specialization, {VisitCounts.Columns}
          from analytics.visit_days d left join doctors.practitioners p on p.id = d.doctor_id
         where d.day between $1 and $2 and ($3::text is null or p.specialization = $3)
         group by d.doctor_id, p.full_name, p.specialization having sum(d.n) > 0
         order by sum(d.n) desc, d.doctor_id limit $4
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using NodaTime;
using Npgsql;

namespace Amrutam.Analytics.Visits;

/// <summary>Gives the number of visits by the day in the doctor's time zone.</summary>
static class ReadVisitDays
{
    [SchemaName("VisitDay")]
    public sealed record Item(LocalDate Day, VisitCounts Visits);

    [SchemaName("VisitDays")]
    public sealed record Response(IReadOnlyList<Item> Items, bool UpToDate);

    public static void Map(RouteGroupBuilder analytics) => analytics.MapGet("/days", Handle)
        .RequireAuthorization(Allow.DeskOrDoctor).WithSummary("Count visits by day")
        .WithDescription("Days without visits are left out. Doctors read their own figures.")
        .WithProblems(CommonProblems.Absent, CommonProblems.Invalid);

    static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle([AsParameters] FigurePeriod period,
        CurrentUser caller, NpgsqlDataSource db, VisitFigures figures, TimeProvider clock, CancellationToken ct,
        [FromQuery(Name = "doctor_id")] Guid? doctorId = null, string? specialization = null)
    {
        if (period.Check(clock, out var days) is { Wrong: true } fields) return fields.Problem();
        var doctor = caller.ActsForClinic ? doctorId : doctorId ?? caller.Id;
        if (!caller.ActsForClinic && doctor != caller.Id) return CommonProblems.NotFound();
        var upToDate = await figures.CatchUp(ct);
        var items = await db.Statement(Select).With(days.First).With(days.Last).With(doctor).With(specialization)
            .List(row => new Item(LocalDate.FromDateOnly(row.GetFieldValue<DateOnly>(0)), VisitCounts.Read(row, 1)),
                ct);
        return TypedResults.Ok(new Response(items, upToDate));
    }

    const string Select = $"""
        select d.day, {VisitCounts.Columns}
          from analytics.visit_days d left join doctors.practitioners p on p.id = d.doctor_id
         where d.day between $1 and $2 and ($3::uuid is null or d.doctor_id = $3)
           and ($4::text is null or p.specialization = $4)
         group by d.day having sum(d.n) > 0 order by d.day
        """;
}

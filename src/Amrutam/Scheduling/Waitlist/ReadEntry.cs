using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Reads one of the signed-in patient's places in line, with the present offer.</summary>
static class ReadEntry
{
    public static void Map(RouteGroupBuilder waitlist) =>
        waitlist.MapGet("/{id:guid}", Handle)
            .WithSummary("Read one of your places in line")
            .WithDescription("With the slot that is held for the caller, if there is one.")
            .Example(Examples.Offered)
            .WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<WaitlistEntry>, ProblemHttpResult>> Handle(Guid id, CurrentUser patient,
        NpgsqlDataSource db, CancellationToken ct) =>
        await db.Statement(Select).With(id).With(patient.Id).One(WaitlistEntry.Read, ct) is { } entry
            ? TypedResults.Ok(entry) : CommonProblems.NotFound();

    const string Select = "select " + WaitlistEntry.Columns + " from " + WaitlistEntry.Tables
        + " where e.id = $1 and e.patient_id = $2";
}

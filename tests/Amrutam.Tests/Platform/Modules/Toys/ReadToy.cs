using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Amrutam.Tests.Platform.Modules.Toys;

/// <summary>A toy of the signed-in patient.</summary>
static class ReadToy
{
    public static void Map(RouteGroupBuilder toys) => toys.MapGet("/{id:guid}", Handle)
        .RequireAuthorization(Allow.Patient).WithSummary("Read a toy").WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<MakeToy.Response>, ProblemHttpResult>> Handle(
        Guid id, CurrentUser patient, NpgsqlDataSource db, CancellationToken ct) =>
        await db.Statement(Select).With(id).With(patient.Id)
            .One(row => new MakeToy.Response(row.GetGuid(0), row.GetString(1)), ct) is { } toy
                ? TypedResults.Ok(toy)
                : CommonProblems.NotFound();

    const string Select = "select id, name from toys.toys where id = $1 and owner_id = $2";
}

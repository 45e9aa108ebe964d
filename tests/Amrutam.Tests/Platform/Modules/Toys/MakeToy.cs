using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Amrutam.Tests.Platform.Modules.Toys;

/// <summary>Makes a toy for the signed-in patient.</summary>
static class MakeToy
{
    public sealed record Request(string Name);

    public sealed record Response(Guid Id, string Name);

    public static readonly Problem TooMany = new(409, "most_toys_per_person", "You have enough toys");

    public static void Map(RouteGroupBuilder toys) => toys.MapPost("", Handle)
        .RequireAuthorization(Allow.Patient).WithSummary("Make a toy").WithProblems(TooMany);

    static async Task<Results<Created<Response>, ProblemHttpResult>> Handle(
        Request request, CurrentUser patient, NpgsqlDataSource db, ToysSettings settings)
    {
        var made = await db.Statement(Make).With(patient.Id).With(request.Name).With(settings.MostPerPerson)
            .With(patient.Trace).One(row => row.GetGuid(0));
        return made is { } id
            ? TypedResults.Created($"/api/test/toys/{id}", new Response(id, request.Name))
            : TooMany.Because();
    }

    const string Make = """
        with toy as (
            insert into toys.toys (id, owner_id, name)
            select gen_random_uuid(), $1, $2::text where (select count(*) from toys.toys where owner_id = $1) < $3
            returning id),
        event as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
            select $1, 'patient', 'toys.made', 'toy', id, $4 from toy)
        select id from toy
        """;
}

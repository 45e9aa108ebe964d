using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Amrutam.Tests.Platform.Modules.Toys;

/// <summary>The number of toys that were made, counted from events.</summary>
sealed class CountToys : IReadEvents
{
    public sealed record Response(long Made);

    public static void Map(RouteGroupBuilder toys) => toys.MapGet("/count", Handle)
        .AllowAnonymous().WithSummary("Count toys");

    static async Task<Ok<Response>> Handle(NpgsqlDataSource db, CancellationToken ct) =>
        TypedResults.Ok(new Response(await db.Statement(Sum).Value<long>(ct)));

    public string Name => "toys";

    public Task Apply(NpgsqlConnection connection, IReadOnlyList<Event> events) =>
        connection.Statement(Add).With(events.Where(e => e.Action == "toys.made").Select(e => e.Position).ToArray())
            .Execute();

    public async Task<long> Rewind(NpgsqlConnection connection, long position)
    {
        await connection.Statement(Remove).With(position).Execute();
        return position;
    }

    const string Sum = "select count(*) from toys.totals";

    const string Add = "insert into toys.totals (position) select unnest($1::bigint[])";

    const string Remove = "delete from toys.totals where position > $1";
}

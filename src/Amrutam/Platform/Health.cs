using System.Diagnostics;
using NodaTime;
using Npgsql;

namespace Amrutam.Platform;

/// <summary>Whether the process lives (<c>/health/live</c>), can serve (<c>/health/ready</c>), and since when
/// (<c>/health</c>).</summary>
static class Health
{
    public sealed record Response(string Status, double Uptime, Instant Timestamp);

    static readonly Problem NotReady = new(503, "not_ready", "The database is away or the server is stopping");

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", Alive).AllowAnonymous().WithTags("Health").WithSummary("Is it up, and for how long");
        routes.MapGet("/health/live", Alive).AllowAnonymous().WithTags("Health").WithSummary("Does the process answer");
        routes.MapGet("/health/ready", Ready).AllowAnonymous().WithTags("Health").WithSummary("Can it serve")
            .Refuses(NotReady);
    }

    static Response Alive(TimeProvider clock) => new("OK", Uptime(clock), Now(clock));

    static async Task<IResult> Ready(NpgsqlDataSource db, IHostApplicationLifetime host, TimeProvider clock,
        CancellationToken ct)
    {
        if (host.ApplicationStopping.IsCancellationRequested) return NotReady.Because("The server is stopping.");
        try
        {
            await db.Statement(Ping).Value<int>(ct);
            return TypedResults.Ok(new Response("OK", Uptime(clock), Now(clock)));
        }
        catch (NpgsqlException)
        {
            return NotReady.Because("The database does not answer.");
        }
    }

    static double Uptime(TimeProvider clock)
    {
        using var process = Process.GetCurrentProcess();
        return Math.Round((clock.GetUtcNow() - new DateTimeOffset(process.StartTime)).TotalSeconds, 3);
    }

    static Instant Now(TimeProvider clock) => Instant.FromDateTimeOffset(clock.GetUtcNow());

    const string Ping = "select 1";
}

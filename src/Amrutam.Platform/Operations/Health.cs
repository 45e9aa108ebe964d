using System.Diagnostics;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;

namespace Amrutam.Platform.Operations;

/// <summary>Reports that the process lives (<c>/health/live</c>), that it can serve (<c>/health/ready</c>), and how
/// long it has run (<c>/health</c>).</summary>
static class Health
{
    public sealed record Response(string Status, double Uptime, Instant Timestamp);

    /// <param name="Invariants">The result of the last checks of the invariants; null before the first one.</param>
    [SchemaName("Readiness")]
    public sealed record Readiness(string Status, double Uptime, Instant Timestamp, Checked? Invariants);

    /// <param name="Broken">The number of violated invariants; it should be 0. The management address names
    /// them.</param>
    /// <param name="CheckedAt">The time of the oldest of the last checks.</param>
    [SchemaName("InvariantSummary")]
    public sealed record Checked(int Rules, int Broken, Instant? CheckedAt);

    static readonly Problem NotReady = new(503, "not_ready",
        "The database is away or the server is stopping; try again shortly");

    static readonly DateTimeOffset Began = ReadStartTime();

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("").AllowAnonymous().WithTags("Health");
        health.MapGet("/health", Alive).WithSummary("Read whether the server is up")
            .WithDescription("Answers without the database: the process runs and answers.")
            .WithName("ReadHealth");
        health.MapGet("/health/live", Alive).WithSummary("Read whether the process answers")
            .WithDescription("For a liveness probe. It asks no other system.")
            .WithName("ReadLiveness");
        health.MapGet("/health/ready", Ready).WithSummary("Read whether the server can serve")
            .WithDescription(
                "For a readiness probe. It asks the database, and answers 503 while the server "
                + "drains.")
            .WithName("ReadReadiness")
            .WithProblems(NotReady);
    }

    static Ok<Response> Alive(TimeProvider clock) => TypedResults.Ok(Now(clock));

    static async Task<Results<Ok<Readiness>, ProblemHttpResult>> Ready(
        DatabaseProbe database, Draining draining, SweepInvariants sweep, TimeProvider clock, CancellationToken ct)
    {
        if (draining.Begun) return NotReady.Because("The server is stopping.");
        if (!await database.Answers(ct)) return NotReady.Because("The database does not answer.");
        var now = Now(clock);
        return TypedResults.Ok(new Readiness(now.Status, now.Uptime, now.Timestamp, Summary(sweep.Latest)));
    }

    static Checked? Summary(IReadOnlyList<InvariantResult> results) => results.Count == 0 ? null
        : new(results.Count, results.Count(r => r.Violations > 0), results.Min(r => r.CheckedAt));

    /// <summary>How long the process has run.</summary>
    public static TimeSpan Uptime(TimeProvider clock) => clock.GetUtcNow() - Began;

    static Response Now(TimeProvider clock) =>
        new("OK", Math.Round(Uptime(clock).TotalSeconds, 3),
            Instant.FromDateTimeOffset(clock.GetUtcNow()));

    static DateTimeOffset ReadStartTime()
    {
        using var process = Process.GetCurrentProcess();
        return new(process.StartTime);
    }
}

/// <summary>Reports "not ready" before the server stops listening, long enough for a load balancer to notice.</summary>
sealed class Draining(HttpSettings settings, IHostApplicationLifetime host) : IHostedLifecycleService
{
    bool _begun;

    public bool Begun => _begun || host.ApplicationStopping.IsCancellationRequested;

    public Task StoppingAsync(CancellationToken ct)
    {
        _begun = true;
        return Task.Delay(TimeSpan.FromSeconds(settings.DrainSeconds), ct)
            .ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public Task StartingAsync(CancellationToken ct) => Task.CompletedTask;
    public Task StartAsync(CancellationToken ct) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken ct) => Task.CompletedTask;
    public Task StopAsync(CancellationToken ct) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken ct) => Task.CompletedTask;
}

using System.Diagnostics;
using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Amrutam.Platform.Operations;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Amrutam.Tests.Platform.Operations;

public sealed class HealthTests(ServerFixture fixture, TestCluster cluster) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Health_says_it_is_up_and_since_when()
    {
        var reply = (await fixture.Server.Anonymous().Get("/health")).Is(200);
        reply["status"].ShouldBe("OK");
        reply.Body.GetProperty("uptime").GetDouble().ShouldBeGreaterThan(0);
        reply["timestamp"].ShouldEndWith("Z");
    }

    [Fact]
    public async Task Ready_needs_the_database() => (await fixture.Server.Anonymous().Get("/health/ready")).Is(200);

    [Fact]
    public async Task Without_its_database_the_server_lives_and_is_not_ready_and_asks_for_a_second_try()
    {
        var folder = Path.Combine(Path.GetTempPath(), "amrutam-stopped-" + Guid.CreateVersion7());
        var postgres = await PrivatePostgres.Own(EmbeddedDatabase.Options,
            folder, NullLogger.Instance, CancellationToken.None, durable: false);
        var database = new Database(postgres.OwnerConnectionString(), postgres.AppConnectionString());
        await Migrator.Migrate(database.Owner, Program.Modules, CancellationToken.None);
        await using var server = await TestServer.Start(database);
        var patient = await server.User("patient");
        (await server.Anonymous().Get("/health/ready")).Is(200);

        await postgres.DisposeAsync();

        var ready = (await server.Anonymous().Get("/health/ready")).Is(503, "not_ready");
        ready.Header("Retry-After").ShouldBe("1");
        (await server.Anonymous().Get("/health/live")).Is(200);
        var asked = await patient.Http.Get($"/api/bookings/{Guid.CreateVersion7()}");
        asked.Is(503, "database_unavailable").Header("Retry-After").ShouldBe("1");
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>By a clock of its own, because a busy machine takes part of the two seconds.</summary>
    [Fact]
    public async Task The_database_counts_as_away_after_a_second_while_the_pool_is_exhausted()
    {
        var database = await cluster.NewDatabase();
        await using var pool = database.Open("exhausted", maxConnections: 1, NullLoggerFactory.Instance);
        var clock = new FakeTimeProvider();
        var probe = new DatabaseProbe(pool, clock);
        await using (await pool.OpenConnectionAsync())
        {
            var answer = probe.Answers(CancellationToken.None);
            answer.IsCompleted.ShouldBeFalse();
            clock.Advance(TimeSpan.FromSeconds(1));
            (await answer).ShouldBeFalse();
        }
        await Waiting.Until(() => probe.Answers(CancellationToken.None));
    }

    [Fact]
    public async Task Readiness_is_answered_while_the_database_is_frozen_and_after()
    {
        await using var plain = await PlainCluster.Start();
        await plain.Execute("create database amrutam");
        var database = Database.Given(plain.AsSuperuser("amrutam"), owner: null);
        await Migrator.Migrate(database.Owner, Program.Modules, CancellationToken.None);
        await using var server = await TestServer.Start(database);
        (await server.Anonymous().Get("/health/ready")).Is(200);
        using (await plain.Freeze())
            for (var n = 0; n < 3; n++) (await server.Anonymous().Get("/health/ready")).Is(503, "not_ready");
        await Waiting.Until(async () => (await server.Anonymous().Get("/health/ready")).Status == 200);
    }

    [Fact]
    public async Task A_stopping_server_says_so_while_it_still_answers()
    {
        var server = await TestServer.Start(await cluster.NewDatabase(), "--Http:DrainSeconds=2");
        var client = server.Anonymous();
        (await client.Get("/health/ready")).Is(200);
        var stopping = server.DisposeAsync().AsTask();
        var waited = Stopwatch.StartNew();
        var reply = await client.Get("/health/ready");
        while (reply.Status == 200 && waited.Elapsed < TimeSpan.FromSeconds(1))
            reply = await client.Get("/health/ready");
        reply.Is(503, "not_ready")["detail"].ShouldBe("The server is stopping.");
        (await client.Get("/health/live")).Is(200);
        await stopping;
    }

    [Fact]
    public async Task The_health_of_the_parts_and_the_metrics_are_on_the_management_address_only()
    {
        var management = fixture.Server.App.Services.GetRequiredService<ManagementServer>().Address!;
        using var operators = new HttpClient { BaseAddress = new(management) };
        var parts = (await operators.Send(HttpMethod.Get, "/health")).Is(200);
        parts.Body.GetProperty("database").GetProperty("answers").GetBoolean().ShouldBeTrue();
        (await operators.Send(HttpMethod.Get, "/api/me")).Status.ShouldBe(404);

        var onPublic = await fixture.Server.Anonymous().Send(HttpMethod.Get, "/metrics",
            headers: ("Host", new Uri(management).Authority));
        onPublic.Is(404, "not_found");
        (await fixture.Server.Anonymous().Get("/health")).Text.ShouldNotContain("database");
    }

    [Fact]
    public async Task The_version_and_the_commit_are_on_the_management_address_only()
    {
        var management = fixture.Server.App.Services.GetRequiredService<ManagementServer>().Address!;
        using var operators = new HttpClient { BaseAddress = new(management) };
        var live = (await operators.Send(HttpMethod.Get, "/health/live")).Is(200);
        live["version"].ShouldMatch(@"^\d+\.\d+\.\d+$");
        live.Body.TryGetProperty("commit", out _).ShouldBeTrue();
        (await fixture.Server.Anonymous().Get("/health/live")).Text.ShouldNotContain("version");
    }

    [Fact]
    public async Task A_management_port_that_is_taken_stops_the_start_with_one_line()
    {
        var taken = fixture.Server.App.Services.GetRequiredService<ManagementServer>().Address!;
        var database = await cluster.NewDatabase();
        var refused = await Should.ThrowAsync<StartupException>(() =>
            TestServer.Start(database, "--Management:Url=" + taken));
        refused.Message.ShouldStartWith($"Management__Url: {taken} cannot be listened on:");
        refused.Message.ShouldNotContain('\n');
    }
}

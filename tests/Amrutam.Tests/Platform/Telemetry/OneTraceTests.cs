using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Platform.Telemetry;

/// <summary>Log line, problem and event of a request carry one trace id, on a server as in production.</summary>
public sealed class OneTraceTests(TestCluster cluster)
{
    [Fact]
    public async Task Log_line_problem_and_event_carry_the_id_of_their_request_or_job()
    {
        var database = await cluster.NewDatabase();
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        var (port, management) = (Ports.Next(), Ports.Next());
        using var server = ServerProcess.Start("serve", port, ("ASPNETCORE_ENVIRONMENT", "Production"),
            ("Http__DrainSeconds", "0"), ("Management__Url", $"http://127.0.0.1:{management}"),
            ("ConnectionStrings__Amrutam", database.App), ("ConnectionStrings__Owner", database.Owner),
            ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey), ("Mail__Folder", Mailbox.Folder));
        using var client = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port}") };
        using var metrics = new HttpClient { BaseAddress = new($"http://127.0.0.1:{management}") };
        await server.IsReady();

        var (refused, changed) = (NewTrace(), NewTrace());
        (await client.Send(HttpMethod.Get, "/api/doctors/nobody", headers: Sent(refused))).Is(404)["trace_id"]
            .ShouldBe(refused);
        var account = (await client.Send(HttpMethod.Post, "/api/auth/signup", new
        {
            email = "asha@example.org", password = "lantern-meadow-42",
        }, headers: Sent(changed))).Is(201).Id;
        (await owner.Statement("select trace_id from audit.events where entity_id = $1 limit 1").With(account)
            .Value<string>()).ShouldBe(changed);
        // A job whose table is missing.
        await owner.Statement("alter table scheduling.waitlist_offers rename to put_elsewhere").Execute();
        await Until(metrics, """_count{amrutam_job_name="pass_on_slots",outcome="failed"}""");
        await server.Stop();

        List<JsonElement> lines = [.. (await server.Said()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)];
        Trace(lines.Single(line => Is(line, "route", "/api/auth/signup"))).ShouldBe(changed);
        Trace(lines.Single(line => Is(line, "source", "Amrutam.Platform.Http.RequestLog") && Trace(line) == refused))
            .ShouldBe(refused);
        lines.Where(line => Is(line, "part", "pass_on_slots")).ShouldNotBeEmpty();
        // One warning: this server has an external database and no folder for its seals.
        lines.Count(line => line.GetProperty("text").GetString()!.Contains("Audit__CheckpointFolder",
            StringComparison.Ordinal)).ShouldBe(1);
        lines.Where(line => line.GetProperty("source").GetString()!.StartsWith("Amrutam.", StringComparison.Ordinal)
            && Trace(line).Length != 32).Select(line => line.ToString()).ShouldBeEmpty();
        (await owner.Statement("""
            select action from audit.events where trace_id !~ '^[0-9a-f]{32}$' or trace_id is null or actor_role is null
            """).List(row => row.GetString(0))).ShouldBeEmpty();
    }

    static Task Until(HttpClient metrics, string line) => Waiting.Until(async () =>
        (await metrics.Get("/metrics")).Text.Contains(line, StringComparison.Ordinal), line);

    static (string Name, string Value)[] Sent(string trace) => [("traceparent", $"00-{trace}-00f067aa0ba902b7-00")];

    static string Trace(JsonElement line) =>
        line.TryGetProperty("trace_id", out var trace) ? trace.GetString()! : "";

    static bool Is(JsonElement line, string field, string value) =>
        line.TryGetProperty(field, out var found) && found.GetString() == value;

    static string NewTrace() => Guid.CreateVersion7().ToString("N");
}

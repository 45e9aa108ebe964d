using System.Diagnostics;
using System.Text.Json;
using Amrutam.Audit.Contracts;
using Amrutam.Audit.Sealing;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Audit.Sealing;

/// <summary>The verification that an admin reads, and the proofs that need no database.</summary>
public sealed class VerificationTests(TestCluster cluster) : IAsyncLifetime
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amrutam-verification-");
    TestServer _server = null!;
    TestUser _admin = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(await cluster.NewDatabase(),
            "--Audit:CheckpointFolder=" + _folder.FullName, "--Audit:SealSeconds=1");
        _admin = await _server.User("admin");
    }

    [Fact]
    public async Task A_booking_is_sealed_by_the_running_server_and_an_admin_sees_that_it_is()
    {
        var booking = (await (await _server.User("patient")).Book(await (await _server.Doctor()).Slot())).Is(201).Id;
        var state = await Sealed();
        state["state"].ShouldBe("valid");
        state["first_broken"].ShouldBe("");
        long.Parse(state["sealed_events"]).ShouldBeGreaterThan(1);
        state["checked_now"].ShouldBe(state["sealed_events"]);
        (await _server.Owner.Statement("""
            select count(*) from audit.events e join audit.seals s on e.position = any(s.positions)
             where e.entity_id = $1
            """).With(booking).Value<long>()).ShouldBe(1);
        _server.App.Services.GetRequiredService<SealState>().Last!.Position.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task The_answer_names_the_event_that_was_changed_after_it_was_sealed()
    {
        await Append(5);
        await Sealed();
        await _server.Owner.Statement("update audit.events set actor_role = 'admin' where position = 3").Execute();
        var broken = await Until(state => state["state"] == "broken");
        var first = broken.Body.GetProperty("first_broken");
        first.GetProperty("position").GetInt64().ShouldBe(3);
        first.GetProperty("because").GetString().ShouldBe("was changed after it was sealed");
    }

    [Fact]
    public async Task A_violation_of_the_background_check_is_reported_and_a_mended_log_is_valid_again()
    {
        await Append(5);
        await Sealed();
        await Until(HasChecked);
        var services = _server.App.Services;
        // Each request compares the newest events, so the test writes a result that only the background check could
        // find.
        await _server.Owner.Statement("""
            update audit.verification set broken_seal = 1, broken_position = 1, broken_because = 'was changed',
                   finished_at = now() - interval '30 minutes'
            """).Execute();
        var broken = await Until(state => state["state"] == "broken");
        broken.Body.GetProperty("first_broken").GetProperty("position").GetInt64().ShouldBe(1);
        await _server.Owner.Statement("update audit.verification set finished_at = now() - interval '61 minutes'")
            .Execute();
        await Waiting.Until(async () =>
        {
            await services.GetRequiredService<CheckLog>().CheckSome(CancellationToken.None);
            return await Found() is null;
        });
        var mended = await Until(state => state["state"] == "valid");
        mended.Body.GetProperty("last_full_check").GetProperty("seals").GetInt64().ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_violation_stored_by_one_replica_outlives_the_end_of_anothers_check()
    {
        await Append(5);
        await Until(HasChecked);
        var services = _server.App.Services;
        await _server.Owner.Statement("""
            update audit.verification set began_at = now(), through_seal = (select max(number) from audit.seals)
            """).Execute();
        var (check, tell) = await _server.Owner.InTransaction(async closed =>
        {
            await closed.Statement("lock table audit.seals in access exclusive mode").Execute();
            var check = services.GetRequiredService<CheckLog>().CheckSome(CancellationToken.None);
            await Waits("%audit.seals%s.number = $1");
            var tell = _server.Owner.Statement("""
                update audit.verification set broken_seal = 1, broken_position = 1, broken_because = 'was changed'
                """).Execute();
            await Task.WhenAny(tell, Waits("%set broken_seal%"));
            return (check, tell);
        });
        await Task.WhenAll(check, tell);
        (await Found()).ShouldBe("was changed");
    }

    [Fact]
    public async Task A_published_end_that_was_cut_off_is_reported()
    {
        await Append(3);
        await Sealed();
        var before = _server.App.Services.GetRequiredService<SealState>().Last!;
        await Append(3);
        await Until(state => long.Parse(state["sealed_events"]) == before.Events + 3);
        await Waiting.Until(() => new Checkpoints(_folder.FullName).Newest() > before.Seals);
        await _server.Owner.Statement($"""
            delete from audit.seals where number > {before.Seals};
            delete from audit.events where position > {before.Position}
            """).Execute();
        var broken = await Until(state => state["state"] == "broken");
        broken.Body.GetProperty("first_broken").GetProperty("position").GetInt64()
            .ShouldBe(before.Position + 1);
    }

    [Fact]
    public async Task A_proof_holds_without_the_server_and_nothing_else_does()
    {
        await Append(5);
        await Sealed();
        var keys = Write("keys", (await _server.Anonymous().Get("/.well-known/audit-keys.json")).Is(200).Text);
        var last = _server.App.Services.GetRequiredService<SealState>().Last!.Position;
        for (var position = 1L; position <= last; position++)
        {
            var (proof, seal) = await Proof(position);
            var checkpoint = Path.Combine(_folder.FullName, "000000", $"{seal:D10}.json");
            var (code, said) = await Check(proof, "--keys", keys, "--checkpoint", checkpoint);
            code.ShouldBe(0, said);
            said.ShouldContain($"\"position\":{position},");
        }
        var (whole, _) = await Proof(await _server.Owner
            .Statement("select max(position) from audit.events where action = 'things.changed'").Value<long>());
        var text = await File.ReadAllTextAsync(whole);
        foreach (var (from, to) in new[] { ("things.changed", "things.chanced"), ("\"index\":", "\"index\":1"),
            ("\\u0022root\\u0022:\\u0022", "\\u0022root\\u0022:\\u00220"), ("\"path\":[", "\"path\":[\"00\","),
            ("events_before", "events_behind") })
        {
            text.ShouldContain(from);
            var (code, said) = await Check(Write("changed", text.Replace(from, to)));
            code.ShouldBe(1, $"{from}: {said}");
        }
        (await Check(whole, "--keys", Write("none", """{"keys": []}"""))).Said.ShouldContain("a key that is not known");
    }

    [Fact]
    public async Task An_event_that_cannot_be_proven_is_refused_with_a_code()
    {
        await Append(1);
        await Sealed();
        (await _admin.Http.Get("/api/admin/audit/999999/proof")).Is(404);
        (await _admin.Http.Get("/api/admin/audit/first/proof")).Is(404);
        await _server.Owner.Statement("update audit.events set action = 'things.chanced' where position = 1")
            .Execute();
        (await _admin.Http.Get("/api/admin/audit/1/proof")).Is(409, "event_is_not_what_was_sealed");
        await _server.Owner.InTransaction(async late =>
        {
            // An open transaction holds back the seals of later events.
            await late.Append("things.late", "thing", null);
            await Append(1);
            var position = await _server.Owner.Statement("select max(position) from audit.events").Value<long>();
            (await _admin.Http.Get($"/api/admin/audit/{position}/proof")).Is(409, "event_is_not_sealed_yet");
            return 0;
        });
    }

    async Task Append(int events)
    {
        for (var i = 0; i < events; i++)
            await _server.Owner.Append("things.changed", "thing", Guid.CreateVersion7(), $$"""{"n": {{i}}.50}""");
    }

    /// <summary>Waits until every event is sealed.</summary>
    Task<Reply> Sealed() => Until(state => state["unsealed_events"] == "0" && state["seals"] != "0");

    /// <summary>Whether the check at the server's start is over.</summary>
    static bool HasChecked(Reply state) =>
        state.Body.GetProperty("last_full_check").ValueKind == JsonValueKind.Object;

    Task<Reply> Until(Func<Reply, bool> reached) => Waiting.First(
        async () => (await _admin.Http.Get("/api/admin/audit/verification")).Is(200), reached);

    Task Waits(string statement) => _server.Owner.UntilOneWaitsForALock(statement);

    Task<string?> Found() =>
        _server.Owner.Statement("select broken_because from audit.verification").Value<string>();

    async Task<(string File, long Seal)> Proof(long position)
    {
        var proof = (await _admin.Http.Get($"/api/admin/audit/{position}/proof")).Is(200);
        return (Write($"proof-{position}", proof.Text),
            JsonDocument.Parse(proof["seal"]).RootElement.GetProperty("number").GetInt64());
    }

    string Write(string name, string text)
    {
        var file = Path.Combine(_folder.FullName, name + ".json");
        File.WriteAllText(file, text);
        return file;
    }

    static async Task<(int Code, string Said)> Check(string proof, params string[] more)
    {
        var start = new ProcessStartInfo("python3", [Tidy.Tree.Path("tools/verify-audit-proof.py"), proof, .. more])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

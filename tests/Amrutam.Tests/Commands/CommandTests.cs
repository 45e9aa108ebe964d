using Amrutam.Analytics;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Invariants;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Commands;

/// <summary>The commands of the real program beside a running server.</summary>
public sealed class CommandTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    TestServer Server => fixture.Server;

    [Fact]
    public async Task Events_replay_lets_the_running_servers_reader_count_again()
    {
        for (var i = 0; i < 3; i++)
            await Server.Owner.Append("accounts.signed_up", "account", (await Server.User("patient")).Id,
                """{"role": "patient"}""");
        (await Server.App.Services.GetRequiredService<EventReader<RollUp>>().CatchUp(Patience, CancellationToken.None))
            .ShouldBeTrue();
        await Server.Owner.Statement("update analytics.daily set n = 99 where measure = 'accounts'").Execute();

        (await Command("events", "replay", "--reader", "analytics", "--from", "1"))
            .ShouldBe((0, "The reader analytics applies events again from position 1."));
        await Until("select coalesce(sum(n), 0) = 3 from analytics.daily where measure = 'accounts'");

        (await Command("events", "replay", "--reader", "nobody", "--from", "1"))
            .ShouldBe((1, "There is no such reader; the readers are: messages, analytics, visits"));
    }

    [Fact]
    public async Task Invariants_check_lists_each_violation_or_says_that_all_hold()
    {
        var rules = Server.App.Services.GetServices<Invariant>().Count();
        (await Command("invariants", "check")).ShouldBe((0, $"All {rules} invariants hold."));
        var entry = Guid.CreateVersion7();
        await Server.Owner.Statement("""
            insert into scheduling.waitlist_entries
                   (id, patient_id, specialization, starts_from, starts_until, status)
            values ($1, $1, 'Ayurveda', now(), now() + interval '1 day', 'offered')
            """).With(entry).Execute();
        var (code, said) = await Command("invariants", "check");
        code.ShouldBe(1);
        said.ShouldContain($"an_entry_with_an_offer_has_one: 1, as {entry}");
        said.ShouldContain("Some invariants have violations.");
        await Server.Owner.Statement("delete from scheduling.waitlist_entries where id = $1").With(entry).Execute();
    }

    [Fact]
    public async Task Audit_rotate_key_makes_the_running_server_seal_with_another_key()
    {
        const string Told = "Signing seals with key ";
        await Server.Owner.Append("things.changed", "thing", null);
        await Until("select exists (select from audit.seals)");
        var (code, said) = await Command("audit", "rotate-key");
        code.ShouldBe(0, said);
        said.ShouldStartWith(Told);
        var kid = said[Told.Length..].TrimEnd('.');
        await Server.Owner.Append("things.changed", "thing", null);
        await Until($"select kid = '{kid}' from audit.seals order by number desc limit 1");
        (await Command("audit", "verify")).Said.ShouldStartWith("valid: ");
    }

    async Task<(int Code, string Said)> Command(params string[] words)
    {
        using var process = ServerProcess.Start(words, 0, ("ConnectionStrings__Amrutam", Server.Database.App),
            ("ConnectionStrings__Owner", Server.Database.Owner),
            ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey));
        var said = await process.Said();
        await process.Ended();
        return (process.ExitCode, said.Trim());
    }

    Task Until(string condition) =>
        Waiting.Until(() => Server.Owner.Statement(condition).Value<bool>(), condition);
}

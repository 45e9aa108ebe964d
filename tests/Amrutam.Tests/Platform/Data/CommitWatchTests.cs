using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Amrutam.Tests.Platform.Data;

/// <summary>A synchronous standby is away, and a commit stops waiting for it. PostgreSQL then reports
/// success.</summary>
public sealed class CommitWatchTests(TestCluster cluster)
{
    [Theory]
    [InlineData("en")]
    [InlineData("de")]
    public async Task A_commit_that_no_standby_has_is_not_acknowledged_whatever_PostgreSQL_speaks(string language)
    {
        await using var plain = await PlainCluster.Start(language);
        (await Speaks(plain)).ShouldBe(await IsTranslated(plain) ? language : "en");
        await plain.Execute("create database amrutam");
        // Without the pool's own setting no warning would arrive.
        await plain.Execute("alter database amrutam set client_min_messages = error");
        var database = Database.Given(plain.AsSuperuser("amrutam"), owner: null);
        await Migrator.Migrate(database.Owner, Program.Modules, CancellationToken.None);
        await using var server = await TestServer.Start(database);
        await CommitWatch.Check(server.App.Services.GetRequiredService<NpgsqlDataSource>(), CancellationToken.None);
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        var (booked, held) = (await doctor.Slot(0), await doctor.Slot(1));

        await WaitForAbsentStandby(plain);
        // A batch, a transaction, one statement, and a change by Entity Framework.
        foreach (var change in (Func<Task<Reply>>[])[() => patient.Book(booked, "once"),
            () => patient.Http.Post($"/api/slots/{held}/hold"),
            () => doctor.Http.Patch("/api/doctors/profile", new { bio = "New." }),
            () => patient.Http.Patch("/api/me", new { full_name = "Asha Rao" })])
            (await CancelTheWait(plain, change())).Is(503, "outcome_unknown");

        await SetStandby(plain, "");
        (await patient.Book(booked, "once")).Is(201).Header("Idempotency-Replayed").ShouldBe("true");
        (await patient.Http.Get("/api/bookings")).Is(200).Ids().Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_server_whose_warnings_do_not_arrive_is_refused_at_the_start()
    {
        var database = await cluster.NewDatabase();
        await using var deaf = NpgsqlDataSource.Create(database.App + ";Options=-c client_min_messages=error");
        (await Should.ThrowAsync<StartupException>(() => CommitWatch.Check(deaf, CancellationToken.None)))
            .Message.ShouldStartWith("PostgreSQL's warnings do not reach the server");
    }

    static async Task<string> Speaks(PlainCluster plain)
    {
        var refused = await Should.ThrowAsync<PostgresException>(() => plain.Execute("select 1 / 0"));
        return refused.MessageText switch
        {
            "division by zero" => "en",
            "Division durch Null" => "de",
            var other => other,
        };
    }

    /// <summary>Debian's PostgreSQL is; a build without translations speaks English everywhere.</summary>
    static async Task<bool> IsTranslated(PlainCluster plain)
    {
        await using var source = NpgsqlDataSource.Create(plain.AsSuperuser(PlainCluster.Superuser));
        return await source.Statement("select setting like '%enable-nls%' from pg_config where name = 'CONFIGURE'")
            .Value<bool>();
    }

    /// <summary>Returns when commits wait.</summary>
    static async Task WaitForAbsentStandby(PlainCluster plain)
    {
        await using var source = NpgsqlDataSource.Create(plain.AsSuperuser(PlainCluster.Superuser));
        await source.Statement("create table written (n int)").Execute();
        await SetStandby(plain, "absent");
        var written = new List<Task>();
        await Waiting.Until(async () =>
        {
            written.Add(plain.Execute("insert into written values (1)"));
            return await source.Statement("select exists (select from pg_stat_activity where wait_event = 'SyncRep')")
                .Value<bool>();
        });
        while (!Task.WhenAll(written).IsCompleted) await source.Statement(CancelWaits).Execute();
    }

    static async Task SetStandby(PlainCluster plain, string name)
    {
        await plain.Execute($"alter system set synchronous_standby_names = '{name}'");
        await plain.Execute("select pg_reload_conf()");
    }

    static async Task<Reply> CancelTheWait(PlainCluster plain, Task<Reply> change)
    {
        await using var source = NpgsqlDataSource.Create(plain.AsSuperuser(PlainCluster.Superuser));
        await Waiting.Until(async () =>
        {
            await source.Statement(CancelWaits).Execute();
            return change.IsCompleted;
        });
        return await change;
    }

    const string CancelWaits = "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'";
}

using Amrutam.Audit.Sealing;
using Amrutam.Platform.Data;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.Operations;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Audit;

/// <summary>The promises and the gauges of the sealed log, on a running server.</summary>
public sealed class LogGaugesTests(TestCluster cluster)
{
    static readonly TimeSpan Busy = TimeSpan.FromSeconds(5);

    /// <summary>With the settings that ship. Both times are the database's, so the test's own waits do not
    /// count.</summary>
    [Fact]
    public async Task An_event_is_sealed_within_the_promised_ten_seconds_however_busy_the_server_is()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        var doctor = await server.Doctor();
        var slots = await Task.WhenAll(Enumerable.Range(0, 40).Select(doctor.Slot));
        var patients = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => server.User("patient")));
        await new Workload(patients, slots, seed: 6).Run(clients: 8, Busy);
        await Until(async () => !await server.Owner.Statement(Unsealed).Value<bool>());
        var (events, longest) = (await server.Owner.Statement(LongestWait)
            .One(row => Tuple.Create(row.GetInt64(0), row.GetDouble(1))))!;
        events.ShouldBeGreaterThan(50);
        longest.ShouldBeInRange(0, 10);
    }

    [Theory]
    [InlineData("newest_checked_at = now() - interval '1 minute'")]
    [InlineData("finished_at = now() - interval '25 hours'")]
    public async Task A_changed_event_is_found_by_the_check_of_the_minute_and_by_that_of_the_day_and_raises_its_alert(
        string isDue)
    {
        await using var server = await Sealing();
        await Seal(server);
        await Until(async () => await server.Owner.Statement(BothWereDone).Value<bool>());
        (await server.Reading(LogBroken)).ShouldBe(0);
        await server.Owner.Statement(Change).With("things.chanced").Execute();
        await server.Owner.Statement("update audit.verification set " + isDue).Execute();
        await Until(() => Found(server, 1));
        await server.Owner.Statement(Change).With("things.changed").Execute();
        await server.Owner.Statement("update audit.verification set finished_at = now() - interval '61 minutes'")
            .Execute();
        await Until(() => Found(server, 0));
    }

    [Fact]
    public async Task A_violation_of_an_invariant_raises_its_alert()
    {
        const string Series = "amrutam_invariant_broken{amrutam_invariant_name=\"reader_is_not_ahead_of_the_log\"}";
        await using var server = await Sealing();
        (await server.Reading(Series)).ShouldBe(0);
        await server.Owner.Statement("""
            update platform.event_readers set position = 1000000 where name = 'analytics'
            """).Execute();
        await server.App.Services.GetRequiredService<SweepInvariants>().RunInFull(CancellationToken.None);
        (await server.Reading(Series)).ShouldBe(1);
    }

    [Fact]
    public async Task The_seals_age_grows_as_long_as_a_transaction_holds_the_seal_back()
    {
        const string Age = "amrutam_audit_seal_age_seconds{}";
        await using var server = await Sealing();
        await Seal(server);
        await server.Owner.InTransaction(async late =>
        {
            await late.Append("things.late", "thing", null);
            await server.Owner.Append("things.changed", "thing", null);
            var seen = 0D;
            // Longer than an unhindered seal takes.
            await Until(async () => (seen = await server.Reading(Age)) > 4);
            await Until(async () => await server.Reading(Age) > seen);
            return 0;
        });
        await Until(async () => await server.Reading(Age) is 0);
    }

    [Fact]
    public async Task The_offset_of_the_clocks_is_measured()
    {
        var ahead = new Ahead(TimeSpan.FromMinutes(3));
        await using var server = await Sealing();
        (await server.Reading("amrutam_clock_offset_seconds{}")).ShouldBeInRange(-2, 2, "one machine has one clock");
        (await new SystemProbes(server.Owner, ahead).ClockOffset(CancellationToken.None)).TotalSeconds
            .ShouldBeInRange(178, 182);
    }

    sealed class Ahead(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }

    async Task<TestServer> Sealing() => await TestServer.Start(await cluster.NewDatabase(), "--Audit:SealSeconds=1");

    static async Task Seal(TestServer server)
    {
        for (var i = 0; i < 5; i++) await server.Owner.Append("things.changed", "thing", null);
        await Until(async () => !await server.Owner.Statement(Unsealed).Value<bool>());
    }

    static async Task<bool> Found(TestServer server, int broken)
    {
        await server.App.Services.GetRequiredService<CheckLog>().Look(CancellationToken.None);
        return await server.Reading(LogBroken) == broken;
    }

    const string Change = """
        update audit.events set action = $1 where position = (select min(position) from audit.events
               where entity = 'thing')
        """;

    const string LogBroken = "amrutam_audit_log_broken{}";

    const string BothWereDone = """
        select began_at is null and finished_at is not null and newest_checked_at is not null from audit.verification
        """;

    const string Unsealed = """
        select exists (select from audit.events where position > coalesce((select max(position) from audit.seals), 0))
        """;

    const string LongestWait = """
        select count(*), max(extract(epoch from s.sealed_at - e.at))::float8
          from audit.seals s cross join unnest(s.positions) sealed join audit.events e on e.position = sealed
        """;
}

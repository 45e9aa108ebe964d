using System.Globalization;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Races;

/// <summary>Every action of the calendar at once, compared with a sequential model of each slot.</summary>
/// <remarks>For five minutes: <c>AMRUTAM_WORKLOAD_SECONDS=300 ./x test --filter-class "*CalendarTests" --output
/// Detailed</c>. <c>AMRUTAM_WORKLOAD_SEED</c> replays the seed that it prints.</remarks>
public sealed class CalendarTests(TestCluster cluster, ITestOutputHelper output)
{
    const int Clients = 32;

    static readonly (string Wish, int Status)[] Wanted = [("book", 201), (WorkloadKinds.BookLong, 201),
        ("any", 201), ("hold", 201), ("release", 204), ("move", 200), ("cancel", 200), ("complete", 200),
        ("accept", 200), ("join", 201), ("take_offer", 200), ("rules", 200), ("leave", 201), ("return", 204)];

    [Fact]
    public async Task Thirty_two_clients_leave_no_slot_in_a_state_that_one_after_another_could_not()
    {
        var seed = Setting("AMRUTAM_WORKLOAD_SEED", Environment.TickCount);
        // Before the run, so that a run that hangs shows its seed too.
        output.WriteLine($"AMRUTAM_WORKLOAD_SEED={seed}");
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        var workload = new CalendarWorkload(server, seed);
        await workload.Run(Clients, TimeSpan.FromSeconds(Setting("AMRUTAM_WORKLOAD_SECONDS", 20)), Wanted);
        output.WriteLine(workload.Summary);
        await server.PassOn();
        await workload.ShouldBeSequential();
        (await server.VisitsShouldBeCounted()).ShouldBeGreaterThan(0);
        await server.ReplayVisits();
        await server.VisitsShouldBeCounted();
        foreach (var (wish, status) in Wanted)
            workload.Answered(wish, status).ShouldBeGreaterThan(0, $"no {wish} came through; {workload.Summary}");
    }

    [Fact]
    public void A_seed_gives_every_client_the_same_wishes_again()
    {
        for (var client = 0; client < Clients; client++)
            CalendarWorkload.Wishes(7, client).Take(500).ShouldBe(CalendarWorkload.Wishes(7, client).Take(500));
        CalendarWorkload.Wishes(7, 0).Take(10).ShouldNotBe(CalendarWorkload.Wishes(7, 1).Take(10));
        CalendarWorkload.Wishes(7, 0).Take(10).ShouldNotBe(CalendarWorkload.Wishes(8, 0).Take(10));
    }

    static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}

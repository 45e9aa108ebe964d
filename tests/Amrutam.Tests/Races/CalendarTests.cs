using System.Globalization;
using Amrutam.Tests.Support;

namespace Amrutam.Tests.Races;

/// <summary>Everything at once, held against a sequential model of each slot.</summary>
/// <remarks>
/// By hand for five minutes: <c>AMRUTAM_WORKLOAD_SECONDS=300 ./x test --filter-class "*CalendarTests"</c>; a printed
/// seed is replayed with <c>AMRUTAM_WORKLOAD_SEED</c>.
/// </remarks>
public sealed class CalendarTests(TestCluster cluster, ITestOutputHelper output)
{
    const int Clients = 32;

    [Fact]
    public async Task Thirty_two_clients_leave_no_slot_in_a_state_that_one_after_another_could_not()
    {
        var seed = Setting("AMRUTAM_WORKLOAD_SEED", Environment.TickCount);
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        var workload = new CalendarWorkload(server, seed);
        await workload.Run(Clients, TimeSpan.FromSeconds(Setting("AMRUTAM_WORKLOAD_SECONDS", 20)));
        output.WriteLine(workload.Summary);
        await server.PassOn();
        await workload.ShouldBeSequential();
        foreach (var (wish, status) in new[] { ("book", 201), ("hold", 201), ("move", 200), ("cancel", 200),
            ("complete", 200), ("join", 201), ("rules", 200), ("leave", 201) })
            workload.Answered(wish, status).ShouldBeGreaterThan(0, $"no {wish} came through; {workload.Summary}");
    }

    static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}

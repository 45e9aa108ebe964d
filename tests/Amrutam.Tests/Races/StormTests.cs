using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Races;

/// <summary>200 patients, 50 slots and 32 clients for a minute: undisturbed, and with a server that is killed
/// repeatedly.</summary>
public sealed class StormTests(TestCluster cluster)
{
    const int Patients = 200, Slots = 50, Clients = 32, Kills = 5;
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_minute_of_booking_cancelling_and_moving_breaks_no_invariant()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        var (patients, slots) = await Fill(server, server.Address);
        var workload = new Workload(patients, slots, Environment.TickCount);
        await workload.Run(Clients, Minute);
        workload.Answered(500).ShouldBe(0, workload.Summary);
        workload.Answered(201).ShouldBeGreaterThan(Slots, workload.Summary);
        await workload.ShouldBeWhatTheDatabaseHolds(server);
    }

    [Fact]
    public async Task A_server_killed_five_times_loses_nothing_that_it_acknowledged()
    {
        // This server only makes the accounts and reads the database. The load goes to the server that is killed.
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        var port = Ports.Next();
        var (patients, slots) = await Fill(server, new($"http://127.0.0.1:{port}"));
        var workload = new Workload(patients, slots, Environment.TickCount);
        var victim = Start(server, port);
        await victim.IsReady();
        var running = workload.Run(Clients, Minute);
        for (var i = 0; i < Kills; i++)
        {
            await Task.Delay(Minute / (Kills + 1));
            await victim.Kill();
            victim.Dispose();
            victim = Start(server, port);
        }
        await running;
        await victim.Kill();
        victim.Dispose();
        workload.Answered(500).ShouldBe(0, workload.Summary);
        workload.Answered(201).ShouldBeGreaterThan(Slots, workload.Summary);
        await workload.ShouldBeWhatTheDatabaseHolds(server);
    }

    static ServerProcess Start(TestServer server, int port) => ServerProcess.Start("serve", port,
        ("ConnectionStrings__Amrutam", server.Database.App), ("ConnectionStrings__Owner", server.Database.Owner),
        ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey), ("Logging__LogLevel__Default", "Warning"),
        ("Limits__OpenBookingsPerPatient", "0"), ("Limits__OpenBookingsPerPatientAndDoctor", "0"),
        ("Limits__CancellationsPerPatient", "0"));

    static async Task<(IReadOnlyList<TestUser> Patients, IReadOnlyList<Guid> Slots)> Fill(TestServer server,
        Uri address)
    {
        var slots = new List<Guid>();
        // Two doctors at the same times, so that wishes of one patient overlap too.
        foreach (var doctor in new[] { await server.Doctor(), await server.Doctor() })
            for (var i = 0; i < Slots / 2; i++) slots.Add(await doctor.Slot(i));
        var patients = new List<TestUser>();
        for (var i = 0; i < Patients; i++)
        {
            var patient = await server.User("patient");
            var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(10) };
            http.DefaultRequestHeaders.Authorization = patient.Http.DefaultRequestHeaders.Authorization;
            patients.Add(patient with { Http = http });
        }
        return (patients, slots);
    }
}

namespace Amrutam.Bench;

/// <summary>Runs the same light load on a young clinic and on one a hundred times its size, in turns. The cost of one
/// request must not depend on the size.</summary>
/// <remarks>The load is far below the capacity of the machine, so that it measures the request and not the
/// queue.</remarks>
static class Growth
{
    const int SlotsOfADoctor = 1_000, SlotsOfAPatient = 10, ASecond = 100;

    static readonly int[] Sizes = [100_000, 1_000_000, Scenarios.Setting("BENCH_SLOTS", 10_000_000)];
    static readonly int Seconds = Scenarios.Setting("BENCH_SECONDS", 10);

    static readonly string[] Kinds = ["bookings", "directory", "open slots"];

    public static async Task Run(Report report)
    {
        var sizes = new List<Clinic>();
        try
        {
            foreach (var slots in Sizes) sizes.Add(await Clinic.Open(report, slots));
            foreach (var clinic in sizes) await clinic.Settle();
            foreach (var clinic in sizes) await clinic.Ask(5);
            for (var round = 0; round < Scenarios.Rounds; round++)
                foreach (var clinic in sizes) clinic.Rounds.Add(await clinic.Ask(Seconds));
            Tell(report, sizes);
        }
        finally
        {
            foreach (var clinic in sizes) await clinic.DisposeAsync();
        }
    }

    static void Tell(Report report, List<Clinic> sizes)
    {
        for (var kind = 0; kind < Kinds.Length; kind++)
        {
            foreach (var clinic in sizes)
            {
                report.Add($"{clinic.Name}, {Kinds[kind]}", "p50 ms", clinic.Rounds.Select(r => r[kind].P50));
                report.Add($"{clinic.Name}, {Kinds[kind]}", "p99 ms", clinic.Rounds.Select(r => r[kind].P99));
                report.Add($"{clinic.Name}, {Kinds[kind]}", "errors", [clinic.Rounds.Sum(r => r[kind].Errors)], "0");
            }
            foreach (var (name, figure) in new (string, Func<Latencies, double>)[]
                { ("p50", l => l.P50), ("p99", l => l.P99) })
                report.Add($"{sizes[^1].Name} ÷ {sizes[0].Name}, {Kinds[kind]}", name, sizes[^1].Rounds
                    .Zip(sizes[0].Rounds, (large, small) => figure(large[kind]) / figure(small[kind])), "≤ 1.2");
        }
    }

    sealed class Clinic(string name, SeededServer server, int doctors) : IAsyncDisposable
    {
        Sender? _sender;

        public string Name => name;

        /// <summary>By kind of request.</summary>
        public List<Latencies[]> Rounds { get; } = [];

        public static async Task<Clinic> Open(Report report, int slots)
        {
            var name = FormattableString.Invariant($"{slots:N0} slots");
            var began = TimeProvider.System.GetTimestamp();
            var (doctors, patients) = (slots / SlotsOfADoctor, slots / SlotsOfAPatient);
            var server = await SeededServer.StartWithPast(doctors, patients, slots);
            report.Add($"{name}, half of them booked and over; {doctors:N0} doctors, {patients:N0} patients",
                "s to seed", [TimeProvider.System.GetElapsedTime(began).TotalSeconds]);
            return new(name, server, doctors);
        }

        /// <summary>Waits until the jobs of the filled clinic are done, and renews tokens that expired while the others
        /// were filled.</summary>
        public async Task Settle()
        {
            await server.Settle();
            await server.RenewTokens();
            _sender = await Sender.Over(server, doctors);
        }

        public async Task<Latencies[]> Ask(int seconds)
        {
            var (sender, duration) = (_sender!, TimeSpan.FromSeconds(seconds));
            return await Task.WhenAll(new[] { sender.Book, sender.ReadDirectory, sender.ReadSlots }
                .Select(send => sender.Offer(ASecond, duration, send)));
        }

        public async ValueTask DisposeAsync()
        {
            _sender?.Dispose();
            await server.DisposeAsync();
        }
    }
}

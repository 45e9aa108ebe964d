using System.Diagnostics;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Bench.Faults;

/// <summary>Compares the clients' ledgers with the database that survived, and checks that database.</summary>
static class Judge
{
    const int Examples = 3, Chunk = 10_000;

    /// <returns>A line for each kind of violation; none if all is right.</returns>
    public static async Task<List<string>> Violations(ServerProgram program, string ledgers)
    {
        var (attempts, answers) = Ledger.Read(ledgers);
        var unanswered = attempts.Count - answers.Count;
        var acknowledged = answers.Where(answer => answer.Booking is not null).ToList();
        Console.WriteLine($"{attempts.Count} attempts, {acknowledged.Count} acknowledged, "
            + $"{answers.Count - acknowledged.Count} refused, {unanswered} without an answer");
        await using var db = NpgsqlDataSource.Create(program.Connection + ";Command Timeout=300");
        var found = await Find(db, acknowledged);
        var violations = new List<string>();
        Report("answers other than 201 and 409", answers.Where(answer => answer.Status is not (201 or 409))
            .Select(answer => $"{answer.Status} for {answer.Key}"));
        Report("attempts without an answer", attempts.Keys.Except(answers.Select(answer => answer.Key))
            .Select(key => key.ToString()));
        Report("acknowledged and missing", acknowledged.Where(answer => !found.ContainsKey(answer.Booking!.Value))
            .Select(answer => $"booking {answer.Booking} of key {answer.Key}"));
        Report("acknowledged otherwise", acknowledged.Where(answer =>
                found.TryGetValue(answer.Booking!.Value, out var row)
                && row != (attempts[answer.Key].Slot, Ids.Patient(attempts[answer.Key].Patient)))
            .Select(answer => $"booking {answer.Booking} of key {answer.Key}"));
        Report("bookings of two keys", acknowledged.GroupBy(answer => answer.Booking).Where(same => same.Count() > 1)
            .Select(same => $"booking {same.Key}"));
        var there = await db.Statement("select count(*) from scheduling.bookings").Value<long>();
        if (there > found.Count + unanswered)
            violations.Add($"{there - found.Count} bookings that no ledger knows");
        await Check(program, violations, "invariants", "check");
        await Check(program, violations, "audit", "verify");
        return violations;

        void Report(string kind, IEnumerable<string> cases)
        {
            var all = cases.ToList();
            if (all.Count > 0)
                violations.Add($"{kind}: {all.Count}, such as {string.Join(", ", all.Take(Examples))}");
        }
    }

    static async Task<Dictionary<Guid, (Guid Slot, Guid Patient)>> Find(NpgsqlDataSource db, List<Answer> acknowledged)
    {
        var found = new Dictionary<Guid, (Guid, Guid)>();
        foreach (var some in acknowledged.Select(answer => answer.Booking!.Value).Distinct().Chunk(Chunk))
            foreach (var row in await db.Statement(ReadBookings).With(some)
                .List(row => (Id: row.GetGuid(0), Slot: row.GetGuid(1), Patient: row.GetGuid(2))))
                found[row.Id] = (row.Slot, row.Patient);
        return found;
    }

    /// <summary>Runs a command of the product that ends with 0 if all is right.</summary>
    static async Task Check(ServerProgram program, List<string> violations, params string[] command)
    {
        var watch = Stopwatch.StartNew();
        using var process = program.Start(command, 0);
        await process.WaitForExitAsync();
        var line = File.ReadLines(Path.Combine(program.Folder, "server-0.log")).LastOrDefault() ?? "";
        Console.WriteLine($"{string.Join(' ', command)}: {line} ({watch.Elapsed.TotalSeconds:0.0} s)");
        if (process.ExitCode != 0) violations.Add($"{string.Join(' ', command)}: {line}");
    }

    const string ReadBookings = "select id, slot_id, patient_id from scheduling.bookings where id = any($1)";
}

using System.Globalization;
using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Invariants;
using Amrutam.Tests.Support;
using NodaTime;
using Npgsql;
using static Amrutam.Tests.Tidy.Statements.Plans;

namespace Amrutam.Tests.Tidy.Statements;

/// <summary>No statement reads a big table from end to end, by its generic plan over a seeded, analyzed
/// database.</summary>
[Collection(nameof(SeededDatabase))]
public sealed class PlanTests(SeededDatabase seeded)
{
    // A table that does not grow with use is small, or is read as a whole by design.
    static readonly string[] BigTables = [.. Product.Tables.Where(t => t.Grows).Select(t => t.Name)];

    const string FillsEmptyDatabase = "reads what the demo has just put into an empty database";

    /// <summary>The invariants are read in full each night. The check of a minute has a plan for its window.</summary>
    const string PlannedForItsWindow = "Amrutam.Scheduling.Invariants.CalendarInvariants.";

    /// <summary>Statements that may scan, each with the reason.</summary>
    static readonly Dictionary<string, string> MayScan = new(StringComparer.Ordinal)
    {
        ["Amrutam.Doctors.Directory.ListDoctors.FindSoonest"] =
            "asks every doctor, when the next thousand slots were not enough",
        ["Amrutam.Demo.DemoClinic.SomebodyIsThere"] = "reads until it meets the first account",
        ["Amrutam.Demo.DemoClinic.CreateProfiles"] = FillsEmptyDatabase,
        ["Amrutam.Demo.DemoCalendar.PublishSlots"] = FillsEmptyDatabase,
        ["Amrutam.Demo.DemoDesk.AddFamilies"] = FillsEmptyDatabase,
        ["Amrutam.Demo.DemoDesk.RegisterCallers"] = FillsEmptyDatabase,
        ["Amrutam.Demo.DemoDesk.TakeWalkIns"] = FillsEmptyDatabase,
        ["Amrutam.Demo.DemoCalendar.BookSlots"] = FillsEmptyDatabase,
        ["Amrutam.Demo.DemoCalendar.CountAttempts"] = FillsEmptyDatabase,
        ["Amrutam.Demo.DemoVisits.Book"] = FillsEmptyDatabase,
    };

    [Fact]
    public async Task No_statement_scans_a_big_table()
    {
        await using var connection = await seeded.Open();
        var scans = new List<string>();
        var statements = SqlConstants.All.Where(s => s.HasPlan && !MayScan.ContainsKey(s.Name)
            && !s.Name.StartsWith(PlannedForItsWindow, StringComparison.Ordinal)).ToList();
        statements.Count.ShouldBeGreaterThan(100);
        foreach (var statement in statements)
            try
            {
                scans.AddRange((await Scanned(connection, statement.Text, values: null)).Intersect(BigTables)
                    .Select(table => $"{statement} scans {table}"));
            }
            catch (PostgresException e)
            {
                scans.Add($"{statement} has no plan: {e.MessageText}");
            }
        scans.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_check_of_a_minute_scans_no_big_table()
    {
        await using var connection = await seeded.Open();
        await connection.Statement("set plan_cache_mode = force_custom_plan").Execute();
        // As in service: few rows are in the window.
        var window = Window.At(SystemClock.Instance.GetCurrentInstant() + Duration.FromHours(2));
        var changed = $"('{window.FirstId}', '{window.LastId}', '{window.Since}', {window.Most})";
        var happened = $"('{window.Since}', {window.Most})";
        var scans = new List<string>();
        var rules = Product.Modules.SelectMany(m => m.Invariants).ToList();
        rules.Count.ShouldBeGreaterThan(20);
        foreach (var rule in rules)
            scans.AddRange((await Scanned(connection, rule.Sql, rule.In == Invariant.Changed ? changed
                    : rule.In == Invariant.Happened ? happened : "")).Intersect(BigTables)
                .Select(table => $"{rule.Name} scans {table}"));
        scans.ShouldBeEmpty();
    }

    /// <summary>The first booking's plan lasts until an analyze, so it must be right on empty tables.</summary>
    [Fact]
    public async Task A_booking_that_was_planned_on_empty_tables_looks_up_what_it_needs_by_whole_keys()
    {
        await using var connection = await seeded.Open(Database.PlanOnce);
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.Statement(
            "truncate scheduling.slots, scheduling.bookings, platform.idempotency_keys cascade").Execute();
        var statement = SqlConstants.All.Single(s =>
            s.Name == "Amrutam.Scheduling.Bookings.Reserving.BookingStatement.Decide");
        var plan = await Explain(connection, statement.Text, values: null);
        var lookups = Nodes(plan).Where(node => Text(node, "Relation Name") is not null
            && Text(node, "Node Type")!.EndsWith("Scan", StringComparison.Ordinal))
            .Select(node => $"{Text(node, "Alias")}: {Text(node, "Index Cond") ?? Text(node, "TID Cond")}").ToList();
        lookups.ShouldContain(l => l.StartsWith("k: ((k.user_id = a.account_id) AND ", StringComparison.Ordinal)
            && l.Contains("(k.key = a.key)", StringComparison.Ordinal));
        lookups.ShouldContain("s: (s.id = a.slot_id)");
        lookups.ShouldContain("d_1: (d_1.id = s.doctor_id)");
        lookups.ShouldContain("users: (users.id = d_1.id)");
        // Its row has the kinds of the slot too.
        lookups.Count(l => l.EndsWith(".id = a.slot_id)", StringComparison.Ordinal)).ShouldBe(1);
        // The kinds of the doctor, and of the catalogue those alone.
        lookups.ShouldContain("o_2: (o_2.doctor_id = s.doctor_id)");
        lookups.ShouldContain("v_1: (v_1.id = o_2.visit_type_id)");
        // The plan reads overlapping bookings of the patient, and of the account the future ones for itself and for
        // others, and the recent cancellations. A follow-up reads the patient's visits before it.
        var bookings = lookups.Where(l => l.StartsWith('b')).ToList();
        bookings.ShouldAllBe(l => (l.Contains(".patient_id = ", StringComparison.Ordinal)
                || l.Contains(".patient_id) = ", StringComparison.Ordinal)
                || l.Contains(".booked_by = ", StringComparison.Ordinal))
            && (l.Contains(".starts_at > ", StringComparison.Ordinal)
                || l.Contains(".updated_at > ", StringComparison.Ordinal)));
        bookings.Count.ShouldBe(5);
        bookings.ShouldContain(l => l.Contains(".starts_at < s.ends_at)", StringComparison.Ordinal));
        lookups.ShouldContain("s_1: (s_1.ctid = w_1.slot)");
        lookups.ShouldContain("k_1: (k_1.ctid = j_1.address)");
    }

    /// <summary>By the generic plan, which ignores that some have thousands of rows.</summary>
    [Theory]
    [InlineData("Scheduling.Slots.ListOpenSlots.Select", "({0}, null, null, null, null, 21, false, null)")]
    [InlineData("Scheduling.Slots.ListOpenSlots.Select",
        "({0}, null, null, now() + interval '20 days', {0}, 21, false, null)")]
    [InlineData("Scheduling.Slots.ListOwnSlots.Select", "({0}, null, null, null, null, null, 21, 'UTC')")]
    [InlineData("Scheduling.Bookings.ListBookings.LatestOfDoctor", "({0}, null, null, null, null, null, 21, null)")]
    [InlineData("Scheduling.Bookings.ListBookings.LatestOfDoctor",
        "({0}, null, null, null, now() - interval '20 days', {0}, 21, null)")]
    [InlineData("Scheduling.Bookings.ListBookings.LatestOfPatients", "({1}, null, null, null, null, null, 21, null)")]
    [InlineData("Scheduling.Bookings.ListBookings.SoonestOfDoctor",
        "({0}, null, null, null, now() - interval '20 days', {0}, 21, null)")]
    [InlineData("Scheduling.Desk.BookingFilters.LatestOfPatient", "(null, {1}, null, null, null, null, null, 21)")]
    [InlineData("Scheduling.Desk.BookingFilters.SoonestOfPatient",
        "(null, {1}, null, null, null, now() - interval '20 days', {1}, 21)")]
    [InlineData("Doctors.Directory.ListDoctors.FindByName", "(true, null, null, null, null, 21, '', {0})")]
    public async Task A_page_reads_little_more_than_it_shows(string statement, string values)
    {
        const int Shown = 21;
        await using var connection = await seeded.Open();
        await connection.Statement("prepare tidy as "
            + SqlConstants.All.Single(s => s.Name == "Amrutam." + statement).Text).Execute();
        var text = await connection.Statement("explain (analyze, timing off, format json) execute tidy "
            + string.Format(CultureInfo.InvariantCulture, values, $"'{SeededDatabase.Busy}'",
                $"'{SeededDatabase.BusyPatient}'")).Value<string>();
        var plan = JsonDocument.Parse(text!).RootElement[0].GetProperty("Plan");
        plan.GetProperty("Actual Rows").GetDouble().ShouldBe(Shown);
        foreach (var scan in Nodes(plan).Where(node => Text(node, "Relation Name") is not null))
            // The page passes over booked slots of the doctor.
            Rows(scan).ShouldBeLessThanOrEqualTo(2 * Shown, text);
    }

    /// <summary>The number of rows that a scan read, including those that it removed.</summary>
    static double Rows(JsonElement scan) => scan.GetProperty("Actual Loops").GetDouble()
        * (scan.GetProperty("Actual Rows").GetDouble()
            + (scan.TryGetProperty("Rows Removed by Filter", out var removed) ? removed.GetDouble() : 0));

    [Fact]
    public async Task The_list_of_exceptions_holds_only_statements_that_scan()
    {
        await using var connection = await seeded.Open();
        var idle = new List<string>();
        foreach (var name in MayScan.Keys)
            if (SqlConstants.All.FirstOrDefault(s => s.Name == name) is not { } statement
                || !(await Scanned(connection, statement.Text, values: null)).Intersect(BigTables).Any())
                idle.Add(name);
        idle.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_big_tables_are_big_enough_to_judge_by()
    {
        await using var connection = await seeded.Open();
        BigTables.Length.ShouldBeGreaterThan(5);
        foreach (var table in BigTables)
            (await connection.Statement($"select count(*) from {table}").Value<long>())
                .ShouldBeGreaterThanOrEqualTo(2000, table);
    }

    /// <param name="values">The values of the statement; null for nulls, which a generic plan ignores.</param>
    async Task<List<string>> Scanned(NpgsqlConnection connection, string sql, string? values)
    {
        return [.. Nodes(await Explain(connection, sql, values)).Where(node => Text(node, "Node Type") == "Seq Scan")
            .Select(node => $"{Text(node, "Schema")}.{Text(node, "Relation Name")}")
            .Where(table => !seeded.Empty.Contains(table))
            .Select(WithoutMonth)];
    }

    static string WithoutMonth(string table) =>
        table.StartsWith("audit.events_", StringComparison.Ordinal) ? "audit.events" : table;
}

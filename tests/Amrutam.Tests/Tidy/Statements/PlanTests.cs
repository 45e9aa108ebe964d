using System.Globalization;
using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Invariants;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using NodaTime;
using Npgsql;

namespace Amrutam.Tests.Tidy.Statements;

/// <summary>No statement reads a big table from end to end, by its generic plan over a seeded, analyzed
/// database.</summary>
public sealed class PlanTests(SeededDatabase seeded) : IClassFixture<SeededDatabase>
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
        ["Amrutam.Platform.Idempotency.ForgetKeys.ForgetOld"] =
            "runs after LookByAge, with scans of whole tables switched off",
        ["Amrutam.Demo.DemoClinic.SomebodyIsThere"] = "reads until it meets the first account",
        ["Amrutam.Demo.DemoClinic.CreateProfiles"] = FillsEmptyDatabase,
        ["Amrutam.Demo.DemoCalendar.PublishSlots"] = FillsEmptyDatabase,
        ["Amrutam.Demo.DemoCalendar.BookSlots"] = FillsEmptyDatabase,
        ["Amrutam.Demo.DemoCalendar.CountAttempts"] = FillsEmptyDatabase,
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
            s.Name == "Amrutam.Scheduling.Bookings.Reserving.BookingBatch.Decide");
        var plan = await Plan(connection, statement.Text, values: null);
        var lookups = Nodes(plan).Where(node => Text(node, "Relation Name") is not null
            && Text(node, "Node Type")!.EndsWith("Scan", StringComparison.Ordinal))
            .Select(node => $"{Text(node, "Alias")}: {Text(node, "Index Cond") ?? Text(node, "TID Cond")}").ToList();
        lookups.ShouldContain(l => l.StartsWith("k: ((k.user_id = a.patient_id) AND ", StringComparison.Ordinal)
            && l.Contains("(k.key = a.key)", StringComparison.Ordinal));
        lookups.ShouldContain("s: (s.id = a.slot_id)");
        lookups.ShouldContain("s_1: (s_1.id = w_1.slot_id)");
        lookups.ShouldContain("d: (d.id = s.doctor_id)");
        lookups.ShouldContain("users: (users.id = d.id)");
        // The plan reads overlapping bookings, future ones (twice) and recent cancellations of the patient.
        var bookings = lookups.Where(l => l.StartsWith('b')).ToList();
        bookings.ShouldAllBe(l => l.Contains(".patient_id = ", StringComparison.Ordinal)
            && l.Contains(".starts_at > ", StringComparison.Ordinal));
        bookings.Count.ShouldBe(4);
        bookings.ShouldContain(l => l.Contains("(b.starts_at < s.ends_at)", StringComparison.Ordinal));
        lookups.ShouldContain("k_1: (k_1.ctid = j_1.address)");
    }

    /// <summary>By the generic plan, which ignores that some have thousands of rows.</summary>
    [Theory]
    [InlineData("Scheduling.Slots.ListOpenSlots.Select", "({0}, null, null, null, null, 21, false)")]
    [InlineData("Scheduling.Slots.ListOpenSlots.Select",
        "({0}, null, null, now() + interval '20 days', {0}, 21, false)")]
    [InlineData("Scheduling.Slots.ListOwnSlots.Select", "({0}, null, null, null, null, null, 21, 'UTC')")]
    [InlineData("Scheduling.Bookings.ListBookings.LatestOfDoctor", "({0}, null, null, null, null, null, 21, null)")]
    [InlineData("Scheduling.Bookings.ListBookings.LatestOfDoctor",
        "({0}, null, null, null, now() - interval '20 days', {0}, 21, null)")]
    [InlineData("Scheduling.Bookings.ListBookings.LatestOfPatient", "({1}, null, null, null, null, null, 21, null)")]
    [InlineData("Scheduling.Bookings.ListBookings.SoonestOfDoctor",
        "({0}, null, null, null, now() - interval '20 days', {0}, 21, null)")]
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
        return [.. Nodes(await Plan(connection, sql, values)).Where(node => Text(node, "Node Type") == "Seq Scan")
            .Select(node => $"{Text(node, "Schema")}.{Text(node, "Relation Name")}")
            .Where(table => !seeded.Empty.Contains(table))
            .Select(WithoutMonth)];
    }

    static async Task<JsonElement> Plan(NpgsqlConnection connection, string sql, string? values)
    {
        try
        {
            await connection.Statement("prepare tidy as " + sql).Execute();
            values ??= await connection.Statement(SqlTests.Nulls).Value<string>();
            var plan = await connection
                .Statement($"explain (verbose, format json) execute tidy {values}").Value<string>();
            return JsonDocument.Parse(plan!).RootElement[0].GetProperty("Plan");
        }
        finally
        {
            await connection.Statement("deallocate all").Execute();
        }
    }

    static IEnumerable<JsonElement> Nodes(JsonElement node) =>
        [node, .. node.TryGetProperty("Plans", out var below) ? below.EnumerateArray().SelectMany(Nodes) : []];

    static string? Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out var value) ? value.GetString() : null;

    static string WithoutMonth(string table) =>
        table.StartsWith("audit.events_", StringComparison.Ordinal) ? "audit.events" : table;
}

/// <summary>Thousands of rows in every big table, so that the planner chooses as in service.</summary>
public sealed class SeededDatabase(TestCluster cluster) : IAsyncLifetime
{
    /// <summary>A doctor with thousands of slots.</summary>
    internal static readonly Guid Busy = new("01900000-0000-7000-8000-00000000b057");

    /// <summary>A patient with thousands of bookings.</summary>
    internal static readonly Guid BusyPatient = new("01900000-0000-7000-8000-00000000b058");

    // The driver's limit of 30 seconds is too short for a busy machine.
    static readonly TimeSpan MostSeeding = TimeSpan.FromMinutes(5);

    Database _database = null!;

    /// <summary>Tables without rows, which a plan may scan: the event log's partitions of future months.</summary>
    internal HashSet<string> Empty { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        await using var connection = await Open();
        await connection.Statement(Seed).Within(MostSeeding).Execute();
        await connection.Statement(SeedBusy).With(Busy).With(BusyPatient).Within(MostSeeding).Execute();
        await connection.Statement("analyze").Execute();
        Empty = [.. await connection.Statement(
            "select oid::regclass::text from pg_class where relkind = 'r' and reltuples = 0")
            .List(row => row.GetString(0))];
    }

    /// <param name="options">PostgreSQL's settings, in the form of a connection string.</param>
    internal async Task<NpgsqlConnection> Open(string? options = null)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database.Owner)
        {
            Pooling = false, Options = options,
        }.ConnectionString);
        await connection.OpenAsync();
        // The plan that a prepared statement settles on, and an index preference as with a cached database.
        await connection.Statement("set plan_cache_mode = force_generic_plan; set random_page_cost = 1.1").Execute();
        return connection;
    }

    public ValueTask DisposeAsync() => default;

    const string SeedBusy = """
        with account as (
            insert into identity.users (id, email, normalized_email, full_name, role, security_stamp, concurrency_stamp)
            values ($1, 'busy@example.org', 'BUSY@EXAMPLE.ORG', 'Busy', 'doctor', 'x', 'x')),
        profile as (
            insert into doctors.profiles (id, full_name, specialization, experience, bio, verified_at)
            values ($1, 'Busy', 'Busy', 5, 'Sees patients.', now())),
        slots as (
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
            select gen_random_uuid(), $1, now() + n * interval '30 minutes', now() + (n + 1) * interval '30 minutes'
              from generate_series(-2000, 2000) n returning id, starts_at, ends_at)
        insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at)
        select gen_random_uuid(), id, $1, $2, starts_at, ends_at from slots where starts_at < now()
        """;

    // The same slots are booked in every run, because by chance a page could meet many more booked ones than it shows.
    const string Seed = """
        select setseed(0);
        insert into identity.users (id, email, normalized_email, full_name, role, security_stamp, concurrency_stamp)
        select gen_random_uuid(), n || '@example.org', n || '@EXAMPLE.ORG', 'Person ' || n,
               case when n <= 3000 then 'doctor' else 'patient' end, 'x', 'x'
          from generate_series(1, 8000) n;
        insert into identity.sessions (id, user_id, expires_at) select gen_random_uuid(), id, now() + interval '1 day'
             from identity.users;
        insert into doctors.profiles (id, full_name, specialization, experience, bio, verified_at)
        select id, full_name, 'Specialization ' || split_part(email, '@', 1)::int % 40, 5,
             repeat('Sees patients. ', 20), now()
          from identity.users where role = 'doctor';
        insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
        select gen_random_uuid(), id, at, at + interval '30 minutes'
          from doctors.profiles, generate_series(now() - interval '5 days', now() + interval '5 days',
               interval '1 day') at;
        insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at)
        select gen_random_uuid(), s.id, s.doctor_id, gen_random_uuid(), s.starts_at, s.ends_at from scheduling.slots s
             where random() < 0.4;
        update scheduling.slots s set booking_id = b.id from scheduling.bookings b where b.slot_id = s.id;
        insert into scheduling.booking_steps (booking_id, revision, action, from_status, to_status)
        select id, 1, 'completed', 'confirmed', 'completed' from scheduling.bookings;
        insert into scheduling.moved_bookings (booking_id, revision, doctor_id, patient_id, slot_id, starts_at, ends_at,
               booked_at)
        select id, 1, doctor_id, patient_id, slot_id, starts_at, ends_at, created_at from scheduling.bookings;
        insert into scheduling.waitlist_entries (id, patient_id, doctor_id, starts_from, starts_until, status)
        select gen_random_uuid(), u.id, d.id, now(), now() + interval '9 days',
               (array['waiting', 'left', 'accepted'])[1 + abs(hashtext(u.email)) % 3]
          from identity.users u
          join doctors.profiles d on abs(hashtext(d.id::text)) % 3000 = abs(hashtext(u.email)) % 3000;
        insert into scheduling.waitlist_offers (entry_id, slot_id, expires_at, outcome)
        select id, gen_random_uuid(), now(), 'passed' from scheduling.waitlist_entries;
        insert into scheduling.recent_holds (patient_id, slot_id, ended_at)
        select id, gen_random_uuid(), now() from identity.users;
        insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body)
        select id, 'bookings', 'k', '\x00', 201, '{}' from identity.users;
        insert into audit.events (actor_id, actor_role, action, entity, entity_id)
        select patient_id, 'patient', 'bookings.booked', 'booking', id from scheduling.bookings;
        insert into audit.events (actor_id, actor_role, action, entity, entity_id)
        select doctor_id, 'doctor', 'slots.published', 'slot', id from scheduling.slots;
        """;
}

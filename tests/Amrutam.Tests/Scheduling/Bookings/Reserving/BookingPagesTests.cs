using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Idempotency;
using Amrutam.Scheduling;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

/// <summary>The pages of PostgreSQL that one booking of a full batch reads or writes. Unlike a time, no busy machine
/// changes them.</summary>
public sealed class BookingPagesTests(TestCluster cluster)
{
    const int Members = 32, WarmUps = 4;

    // Seen: 43 pages in nearly empty tables, where each index is one page high. 56 with 33,000 bookings: a page more
    // for each index that grew, and none for a visit ahead. 60 and 62 with limits, 10 and 40 visits ahead.
    const double MostWhenEmpty = 48, Most = 60, MostWithLimits = 66, MostForVisitsAhead = 4;

    static readonly SchedulingLimits Lifted = new() { OpenBookingsPerPatient = 0 };

    int _next;

    [Fact]
    public async Task A_booking_costs_the_same_however_many_visits_are_ahead()
    {
        var database = await cluster.NewDatabase();
        await using var db = database.Open("pages", 1, NullLoggerFactory.Instance, planOnce: true);
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        await owner.Statement(People).With(Members).Execute();
        await owner.Statement(Slots).With(Members).Execute();

        var (empty, withLimits) = (await Pages(db, owner, Lifted), await Pages(db, owner, new()));
        await AddVisits(owner, 1, 30);
        var some = await Pages(db, owner, new());
        await AddVisits(owner, 31, 1_000);
        var full = await Pages(db, owner, Lifted);

        TestContext.Current.TestOutputHelper?.WriteLine($"{empty} {withLimits} {some} {full}");
        empty.ShouldBeLessThanOrEqualTo(MostWhenEmpty);
        full.ShouldBeLessThanOrEqualTo(Most);
        withLimits.ShouldBeLessThanOrEqualTo(MostWithLimits);
        (some - withLimits).ShouldBeLessThanOrEqualTo(MostForVisitsAhead);
    }

    /// <returns>Pages for each booking of one batch. Others before it fill the caches.</returns>
    async Task<double> Pages(NpgsqlDataSource db, NpgsqlDataSource owner, SchedulingLimits limits)
    {
        // Commits here are asynchronous. Vacuum takes only rows of flushed ones for visible to all.
        await Waiting.Until(async () =>
        {
            await owner.Statement(FlushLog).Execute();
            await owner.Statement("vacuum (analyze)").Execute();
            return await owner.Statement(IsVisible).Value<bool>();
        }, "all rows are visible to all");
        await using var connection = await db.OpenConnectionAsync();
        for (var round = 0; round < WarmUps; round++) await Book(connection, limits);
        // The counters of earlier transactions leave the session.
        await connection.Statement("select from pg_stat_force_next_flush()").Execute();
        await connection.Statement("select 1").Execute();
        await using var transaction = await connection.BeginTransactionAsync();
        await Book(connection, limits);
        var pages = await connection.Statement(Fetched).Value<long>();
        await transaction.CommitAsync();
        return (double)pages / Members;
    }

    async Task Book(NpgsqlConnection connection, SchedulingLimits limits)
    {
        var round = _next++;
        var asked = Enumerable.Range(0, Members).Select(n => new BookingRequest(Guid.CreateVersion7(),
            Id('5', round * Members + n), new CurrentUser(Id('2', n), "patient", Guid.Empty), Id('2', n), null,
            new IdempotencyKey($"key {round}", "POST /api/bookings"), [0], new string('0', 32))).ToList();
        await using var batch = BookingBatch.Compose(connection, asked, limits, new(true, new()));
        await using var rows = await batch.ExecuteReaderAsync();
        await rows.NextResultAsync();
        await rows.NextResultAsync();
        var booked = 0;
        while (await rows.ReadAsync())
        {
            rows.GetString(1).ShouldBe("booked");
            booked++;
        }
        booked.ShouldBe(Members);
    }

    static Guid Id(char kind, int n) => Guid.Parse($"{kind}0000000-0000-7000-8000-{n:x12}");

    static async Task AddVisits(NpgsqlDataSource owner, int first, int last)
    {
        await using var connection = await owner.OpenConnectionAsync();
        await connection.Statement("set session_replication_role = replica").Execute();
        await connection.Statement(Visits).With(Members).With(first).With(last).Execute();
        await connection.Statement("set session_replication_role = origin").Execute();
    }

    const string FlushLog = """
        select set_config('synchronous_commit', 'on', true), pg_logical_emit_message(true, 'flush', '')
        """;

    const string IsVisible =
        "select relallvisible >= relpages from pg_class where oid = 'scheduling.bookings'::regclass";

    const string Fetched = """
        select sum(pg_stat_get_xact_blocks_fetched(oid))::bigint from pg_class
         where relnamespace <> 'pg_catalog'::regnamespace
        """;

    const string People = """
        with people as (
            select n, kind, (kind || '0000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id
              from generate_series(0, $1 - 1) as n cross join unnest(array['2', '4']) as kind),
        users as (
            insert into identity.users (id, email, normalized_email, full_name, role, security_stamp, concurrency_stamp)
            select id, kind || n || '@example.org', kind || n || '@EXAMPLE.ORG', 'Person ' || n,
                   case kind when '2' then 'patient' else 'doctor' end, 'x', 'x'
              from people)
        insert into doctors.profiles (id, full_name, specialization, experience, bio, languages, fee_minor, verified_at)
        select id, 'Person ' || n, 'Panchakarma', 7, '', array['en'], 50000, now() from people where kind = '4'
        """;

    // Slot n is of doctor n % $1. Slots of one batch begin at the same time, and they are spread over the pages.
    const string Slots = """
        insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
        select ('50000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
               ('40000000-0000-7000-8000-' || lpad(to_hex(n % $1), 12, '0'))::uuid,
               date_trunc('day', now()) + interval '2 days' + n / $1 * interval '1 hour',
               date_trunc('day', now()) + interval '2 days' + n / $1 * interval '1 hour' + interval '30 minutes'
          from generate_series(0, 200 * $1 - 1) as n order by n * 7919 % (200 * $1)
        """;

    // The rows keep the rules. Guards and references are off, because they would take minutes.
    const string Visits = """
        insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, status)
        select gen_random_uuid(), gen_random_uuid(),
               ('40000000-0000-7000-8000-' || lpad(to_hex(v % $1), 12, '0'))::uuid,
               ('20000000-0000-7000-8000-' || lpad(to_hex(p), 12, '0'))::uuid,
               now() + interval '100 days' + v * interval '1 hour',
               now() + interval '100 days' + v * interval '1 hour' + interval '30 minutes', 'confirmed'
          from generate_series($2, $3) as v cross join generate_series(0, $1 - 1) as p
        """;
}

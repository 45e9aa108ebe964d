using Amrutam.Analytics;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Invariants;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy.Statements;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;

namespace Amrutam.Tests.Platform.Invariants;

/// <summary>Each invariant is violated once, and the check of a minute finds it.</summary>
public sealed class InvariantTests(TestCluster cluster) : IAsyncLifetime
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    TestServer _server = null!;
    Guid _booking, _free;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(await cluster.NewDatabase());
        var doctor = await _server.Doctor();
        var (patient, slots) = (await _server.User("patient"), new[] { await doctor.Slot(1), await doctor.Slot(2) });
        _booking = (await patient.Book(slots[0], "a-key")).Is(201).Id;
        _free = slots[1];
        (await _server.App.Services.GetRequiredService<EventReader<RollUp>>().CatchUp(Soon, CancellationToken.None))
            .ShouldBeTrue();
    }

    IEnumerable<Invariant> All => _server.App.Services.GetServices<Invariant>();

    [Fact]
    public async Task Every_invariant_finds_a_recent_violation_and_none_where_there_is_none()
    {
        All.Select(i => i.Name).ShouldBe(Breaches.OfEach.Keys, ignoreOrder: true);
        var recent = Window.At(SystemClock.Instance.GetCurrentInstant());
        foreach (var invariant in All)
        {
            await using var connection = await _server.Owner.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            (await Found(connection, invariant, recent)).ShouldBeEmpty(invariant.Name);
            await connection.Statement(Breach(invariant.Name)).Execute();
            (await Found(connection, invariant, recent)).ShouldNotBeEmpty(invariant.Name);
            (await Found(connection, invariant, Window.Everything)).ShouldNotBeEmpty(invariant.Name);
            await transaction.RollbackAsync();
        }
    }

    [Theory, MemberData(nameof(Breaches.Others), MemberType = typeof(Breaches))]
    public async Task Each_kind_of_violation_is_found(string rule, string breach)
    {
        await using var connection = await _server.Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.Statement(Named(breach)).Execute();
        var recent = Window.At(SystemClock.Instance.GetCurrentInstant());
        (await Found(connection, All.Single(i => i.Name == rule), recent)).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_violation_is_shown_by_both_replicas_and_takes_none_out_of_rotation()
    {
        await using var other = await TestServer.Start(_server.Database);
        await Sweep(_server);
        (await Ready(_server)).ShouldBe((All.Count(), 0));
        await _server.Owner.Statement(Breach("an_open_slot_has_no_booking")).Execute();
        await _server.Owner.Statement("update platform.invariants set checked_at = null").Execute();
        await Task.WhenAll(Sweep(_server), Sweep(other));
        await Sweep(other);
        foreach (var server in new[] { _server, other })
        {
            (await Ready(server)).ShouldBe((All.Count(), 1));
            var broken = server.App.Services.GetRequiredService<SweepInvariants>().Latest.Single(r => r.Violations > 0);
            broken.Name.ShouldBe("an_open_slot_has_no_booking");
            broken.Examples.ShouldNotBeEmpty();
        }
    }

    [Fact]
    public async Task A_violation_of_the_nights_check_stays_until_it_is_mended()
    {
        var sweep = _server.App.Services.GetRequiredService<SweepInvariants>();
        await Sweep(_server);
        // Too old for the minute's window.
        await _server.Owner.Statement("""
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at, booking_id, from_rules)
            values ('00000000-0000-7000-8000-000000000001', gen_random_uuid(), now(), now() + interval '1 hour',
                    gen_random_uuid(), true)
            """).Execute();
        await Again();
        sweep.Latest.Count.ShouldBe(All.Count());
        sweep.Latest.ShouldAllBe(r => r.Violations == 0);
        await _server.Owner.Statement("update platform.invariants set fully_checked_at = now() - interval '1 day'")
            .Execute();
        await Again();
        await Again();
        sweep.Latest.Single(r => r.Violations > 0).Name.ShouldBe("a_booked_slot_has_its_booking");
        await _server.Owner.Statement("delete from scheduling.slots where id < '00000000-0000-7000-8001-000000000000'")
            .Execute();
        var mended = await sweep.RunInFull(CancellationToken.None);
        mended.Count.ShouldBe(All.Count());
        mended.ShouldAllBe(r => r.Violations == 0);
    }

    [Theory]
    [InlineData(null, 300)]
    [InlineData(60, 120)]
    [InlineData(200, 260)]
    [InlineData(900, 300)]
    public void A_check_goes_back_to_a_minute_before_the_last_one_and_five_at_most(int? last, int since)
    {
        var now = Instant.FromUtc(2030, 1, 7, 4, 0);
        var window = Window.At(now, last is { } ago ? now - Duration.FromSeconds(ago) : null);
        window.Since.ShouldBe(now - Duration.FromSeconds(since));
        window.FirstId.ShouldBeGreaterThan(IdOf(window.Since - Duration.FromMilliseconds(1)));
        window.FirstId.ShouldBeLessThan(IdOf(window.Since + Duration.FromMilliseconds(1)));
        window.LastId.ShouldBeGreaterThan(IdOf(now + Duration.FromMinutes(59)));
    }

    /// <summary>Seconds before now: of the last check, which found so many breaches, and of a row that breaks a
    /// rule.</summary>
    [Theory]
    [InlineData(70, 0, 20, true, "it is new")]
    [InlineData(70, 0, 110, true, "it was not committed yet when the last check ran")]
    [InlineData(70, 0, 170, false, "the last check saw it")]
    [InlineData(150, 0, 170, true, "checks were missed")]
    [InlineData(70, 1, 170, true, "what was found stays shown")]
    [InlineData(900, 0, 600, false, "that is the night's")]
    public async Task A_check_sees_rows_that_the_last_one_could_not(int last, int found, int age, bool seen,
        string because)
    {
        await Sweep(_server);
        var id = IdOf(SystemClock.Instance.GetCurrentInstant() - Duration.FromSeconds(age));
        await _server.Owner.Statement("""
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at, booking_id, from_rules)
            values ($1, gen_random_uuid(), now(), now() + interval '1 hour', gen_random_uuid(), true)
            """).With(id).Execute();
        await _server.Owner.Statement(
            "update platform.invariants set broken = $1, checked_at = now() - $2 * interval '1 second'")
            .With(found).With(last).Execute();
        await Sweep(_server);
        _server.App.Services.GetRequiredService<SweepInvariants>().Latest.Where(r => r.Violations > 0)
            .Select(r => r.Name).ShouldBe(seen ? ["a_booked_slot_has_its_booking"] : [], because);
    }

    [Fact]
    public async Task Bookings_read_after_the_last_check_are_compared_with_the_roll_up()
    {
        await _server.Owner.Statement(Breach("a_booking_that_was_read_is_counted")).Execute();
        var later = SystemClock.Instance.GetCurrentInstant() + Duration.FromMinutes(3);
        var window = Window.At(later, later - Duration.FromMinutes(1));
        await using var connection = await _server.Owner.OpenConnectionAsync();
        (await Found(connection, All.Single(i => i.Name == "a_booking_that_was_read_is_counted"), window))
            .ShouldBe([_booking.ToString()]);
    }

    [Fact]
    public void A_query_returns_at_most_the_stated_number_of_violations()
    {
        Invariant.Limit.ShouldBe($"limit {Invariant.MostBreaches}");
        All.Where(i => !i.Sql.TrimEnd().EndsWith(Invariant.Limit, StringComparison.Ordinal)
            && !i.Sql.TrimEnd().EndsWith($"limit least($2, {Invariant.MostBreaches})", StringComparison.Ordinal))
            .Select(i => i.Name).ShouldBeEmpty();
    }

    [Fact]
    public void An_invariants_query_is_a_constant() =>
        All.Select(i => i.Sql).Except(SqlConstants.All.Select(s => s.Text)).ShouldBeEmpty();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    async Task Again()
    {
        await _server.Owner.Statement("update platform.invariants set checked_at = null").Execute();
        await Sweep(_server);
    }

    static Task Sweep(TestServer server) =>
        server.App.Services.GetRequiredService<SweepInvariants>().Run(CancellationToken.None);

    static async Task<(int Rules, int Broken)> Ready(TestServer server)
    {
        var shown = (await server.Anonymous().Get("/health/ready")).Is(200).Body.GetProperty("invariants");
        return (shown.GetProperty("rules").GetInt32(), shown.GetProperty("broken").GetInt32());
    }

    static Guid IdOf(Instant at) => Guid.CreateVersion7(at.ToDateTimeOffset());

    string Breach(string rule) => Named(Breaches.OfEach[rule]);

    string Named(string breach) => breach.Replace("@booking", $"'{_booking}'").Replace("@free", $"'{_free}'")
        .Replace("@new", $"'{Guid.CreateVersion7()}'");

    static Task<List<string>> Found(NpgsqlConnection connection, Invariant invariant, Window window) =>
        invariant.In(connection.Statement(invariant.Sql), window).List(row => row.GetString(0));
}

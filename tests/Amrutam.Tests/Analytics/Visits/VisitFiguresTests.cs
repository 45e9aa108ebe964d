using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Analytics.Visits;

public sealed class VisitFiguresTests(TestCluster cluster) : IAsyncLifetime
{
    const string Root = "/api/admin/analytics";
    static readonly LocalDate May = new(2026, 5, 1);

    TestServer Server { get; set; } = null!;

    public async ValueTask InitializeAsync() => Server = await TestServer.Start(await cluster.NewDatabase());

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    [Fact]
    public async Task A_visit_counts_on_its_day_in_the_doctors_zone_and_follows_its_move_and_end()
    {
        var (admin, doctor) = (await Server.User("admin"), await Server.Doctor("Pacific/Auckland"));
        var booking = Guid.CreateVersion7();
        await Append("bookings.booked", booking, doctor.Id, "2026-05-10T13:00:00Z");
        (await Days(admin)).ShouldBe(["2026-05-11 1/0/0/0/0"]);
        await Append("bookings.moved", booking, doctor.Id, "2026-05-12T10:00:00Z");
        await Append("bookings.no_show", booking, doctor.Id, "2026-05-12T10:00:00Z");
        (await Days(admin)).ShouldBe(["2026-05-12 0/0/1/0/0"]);
        await Append("bookings.undone", booking, doctor.Id, "2026-05-12T10:00:00Z");
        await Append("bookings.cancelled", booking, doctor.Id, "2026-05-12T10:00:00Z");
        (await Days(admin)).ShouldBe(["2026-05-12 0/1/0/0/0"]);
        var other = await Server.Doctor("America/Los_Angeles", "Panchakarma");
        await Append("bookings.moved", booking, other.Id, "2026-05-12T01:00:00Z");
        (await Days(admin)).ShouldBe(["2026-05-11 0/1/0/0/0"]);
        (await Days(admin, "&specialization=Ayurveda")).ShouldBeEmpty();
        (await Days(admin, "&doctor_id=" + doctor.Id)).ShouldBeEmpty();
    }

    /// <summary>Whether an event is read before or after the change of zone must not matter, because a replay reads all
    /// of them after it.</summary>
    [Fact]
    public async Task A_change_of_the_doctors_zone_dates_the_visits_again_and_a_replay_counts_the_same()
    {
        var (admin, doctor) = (await Server.User("admin"), await Server.Doctor("Asia/Kolkata"));
        for (var hour = 0; hour < 24; hour += 6)
            await Append("bookings.booked", Guid.CreateVersion7(), doctor.Id, $"2026-05-10T{hour:00}:00:00Z");
        (await Days(admin)).ShouldBe(["2026-05-10 4/0/0/0/0"]);
        (await doctor.Http.Patch("/api/doctors/profile", new { time_zone = "Pacific/Auckland" })).Is(200);
        var live = await Days(admin);
        live.ShouldBe(["2026-05-10 2/0/0/0/0", "2026-05-11 2/0/0/0/0"]);
        await Server.ReplayVisits();
        (await Days(admin)).ShouldBe(live);
    }

    [Fact]
    public async Task The_most_visited_doctor_comes_first()
    {
        var (staff, one, two) = (await Server.User("staff"), await Server.Doctor(), await Server.Doctor());
        await Book(one, 2);
        await Book(two, 3);
        var list = (await staff.Http.Get($"{Root}/doctors?from=2026-05-01&to=2026-05-31")).Is(200);
        list.All("doctor_id").ShouldBe([$"{two.Id}", $"{one.Id}"]);
        list.Items.Select(Counts).ShouldBe(["3/0/0/0/0", "2/0/0/0/0"]);
        list["up_to_date"].ShouldBe("True");
    }

    [Fact]
    public async Task A_doctor_sees_no_count_of_fewer_than_five_visits_of_others()
    {
        var (admin, own) = (await Server.User("admin"), await Server.Doctor(specialization: "Shalya"));
        await Book(own, 2);
        await Book(await Server.Doctor(specialization: "Shalya"), 4);
        await Book(await Server.Doctor(specialization: "Panchakarma"), 4);
        await Book(await Server.Doctor(specialization: "Agada"), 5);
        const string month = Root + "/specializations?from=2026-05-01&to=2026-05-31";
        Fields((await admin.Http.Get(month)).Is(200))
            .ShouldBe(["Shalya 6/0/0/0/0", "Agada 5/0/0/0/0", "Panchakarma 4/0/0/0/0"]);
        Fields((await own.Http.Get(month)).Is(200))
            .ShouldBe(["Shalya -/0/0/0/0", "Agada 5/0/0/0/0", "Panchakarma -/0/0/0/0"]);

        static IEnumerable<string> Fields(Reply reply) =>
            reply.Items.Select(i => i.GetProperty("specialization") + " " + Counts(i));
    }

    /// <summary>Two overlapping periods would show a small group as their difference.</summary>
    [Theory]
    [InlineData("from=2026-05-01&to=2026-05-30")]
    [InlineData("from=2026-05-02&to=2026-05-31")]
    [InlineData("from=2026-04-01&to=2026-05-31")]
    [InlineData("")]
    public async Task A_doctor_compares_specializations_only_by_finished_months(string period)
    {
        var (doctor, staff) = (await Server.Doctor(), await Server.User("staff"));
        (await doctor.Http.Get($"{Root}/specializations?{period}")).Is(422);
        (await staff.Http.Get($"{Root}/specializations?{period}")).Is(200);
    }

    [Fact]
    public async Task A_doctor_reads_the_own_days_and_no_others()
    {
        var (doctor, other) = (await Server.Doctor(), await Server.Doctor());
        await Book(doctor, 1);
        await Book(other, 3);
        (await Days(doctor)).ShouldBe(["2026-05-10 1/0/0/0/0"]);
        (await doctor.Http.Get($"{Root}/days?doctor_id={other.Id}")).Is(404);
        (await doctor.Http.Get($"{Root}/doctors")).Is(403);
    }

    [Theory]
    [InlineData("from=2026-05-02&to=2026-05-01", 422)]
    [InlineData("from=2026-01-01&to=2027-01-02", 422)]
    [InlineData("from=May", 400)]
    public async Task A_period_is_in_order_and_at_most_a_year(string period, int status)
    {
        var admin = await Server.User("admin");
        foreach (var route in new[] { "days", "doctors", "specializations" })
            (await admin.Http.Get($"{Root}/{route}?{period}")).Is(status);
    }

    async Task Book(TestUser doctor, int visits)
    {
        for (var i = 0; i < visits; i++)
            await Append("bookings.booked", Guid.CreateVersion7(), doctor.Id, "2026-05-10T06:00:00Z");
    }

    Task<int> Append(string action, Guid booking, Guid doctor, string startsAt) => Server.Owner.Append(action,
        "booking", booking, $$"""{"doctor_id": "{{doctor}}", "starts_at": "{{startsAt}}"}""");

    static async Task<string[]> Days(TestUser reader, string filter = "") =>
        [.. (await reader.Http.Get($"{Root}/days?from={May:uuuu-MM-dd}&to=2026-05-31{filter}")).Is(200).Items
            .Select(item => $"{item.GetProperty("day")} {Counts(item)}")];

    static string Counts(System.Text.Json.JsonElement item) => string.Join('/',
        item.GetProperty("visits").EnumerateObject()
            .Select(n => n.Value.ValueKind == System.Text.Json.JsonValueKind.Null ? "-" : $"{n.Value}"));
}

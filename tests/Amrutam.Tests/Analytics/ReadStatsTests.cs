using Amrutam.Analytics;
using Amrutam.Analytics.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Amrutam.Tests.Analytics;

public sealed class ReadStatsTests(TestCluster cluster) : IAsyncLifetime
{
    TestServer Server { get; set; } = null!;

    public async ValueTask InitializeAsync() => Server = await TestServer.Start(await cluster.NewDatabase());

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    [Fact]
    public async Task What_was_acknowledged_is_counted_in_the_next_answer()
    {
        var (admin, doctor) = (await Server.User("admin"), await Server.Doctor());
        for (var i = 1; i <= 12; i++)
        {
            var patient = await Server.User("patient");
            await Server.Owner.Append("accounts.signed_up", "account", patient.Id, """{"role": "patient"}""");
            var booking = (await patient.Book(await doctor.Slot(i))).Is(201).Id;
            if (i % 3 == 0) (await patient.Http.Post($"/api/bookings/{booking}/cancellation", new { })).Is(200);
            var stats = (await admin.Http.Get("/api/admin/stats")).Is(200);
            stats["total_users"].ShouldBe($"{i}");
            stats["total_bookings"].ShouldBe($"{i}");
            stats["total_slots"].ShouldBe($"{i}");
            stats["cancelled_bookings"].ShouldBe($"{i / 3}");
            stats["up_to_date"].ShouldBe("True");
        }
        (await doctor.Http.Delete($"/api/slots/{await doctor.Slot(20)}")).Is(204);
        (await admin.Http.Get("/api/admin/stats")).Is(200)["total_slots"].ShouldBe("12");
    }

    [Fact]
    public async Task A_role_that_changed_is_counted_as_what_it_is_now()
    {
        var (admin, person) = (await Server.User("admin"), Guid.CreateVersion7());
        await Server.Owner.Append("accounts.signed_up", "account", person, """{"role": "patient"}""");
        await Server.Owner.Append("accounts.role_changed", "account", person,
            """{"from": "patient", "to": "doctor"}""");
        var stats = (await admin.Http.Get("/api/admin/stats")).Is(200);
        (stats["total_users"], stats["total_patients"], stats["total_doctors"]).ShouldBe(("1", "0", "1"));
    }

    [Fact]
    public async Task A_booking_counts_on_the_day_it_was_made_and_follows_its_visit_and_its_end()
    {
        var (id, doctor) = (Guid.CreateVersion7(), await Server.Doctor(specialization: "Panchakarma"));
        var booked = Clinic.Today(TimeProvider.System).PlusDays(-1).AtMidnight().PlusHours(9)
            .InZoneLeniently(Clinic.Zone).ToInstant();
        await Server.Owner.Statement("select audit.make_partitions(1, 0)").Execute();
        await Append("bookings.booked", booked + Duration.FromHours(27));
        (await Read(f => f.Leads)).ShouldBe(["next_day"]);
        (await Read(f => f.Specializations)).ShouldBe(["Panchakarma"]);
        var visit = (await Read(f => f.VisitHours)).ShouldHaveSingleItem();
        visit.ShouldEndWith("-12");
        await Append("bookings.moved", booked + Duration.FromHours(30));
        (await Read(f => f.VisitHours)).ShouldHaveSingleItem().ShouldEndWith("-15");
        await Append("bookings.no_show", booked);
        (await Read(f => f.Bookings)).ShouldBe(["missed"]);
        await Append("bookings.cancelled", booked);
        (await Read(f => f.Bookings)).ShouldBe(["cancelled"]);
        (await Read(f => f.VisitHours)).ShouldBeEmpty();

        Task<int> Append(string action, Instant starts) => Server.Owner.Append(action, "booking", id,
            $$"""{"doctor_id": "{{doctor.Id}}", "starts_at": "{{starts}}"}""", booked.ToString());
    }

    [Fact]
    public async Task A_booking_that_the_doctor_must_confirm_counts_for_the_doctors_field()
    {
        var doctor = await Server.Doctor(specialization: "Panchakarma");
        await Server.Owner.Append("bookings.requested", "booking", Guid.CreateVersion7(),
            $$"""{"doctor_id": "{{doctor.Id}}", "starts_at": "2026-11-02T00:00:00Z"}""");
        (await Read(f => f.Specializations)).ShouldBe(["Panchakarma"]);
    }

    [Fact]
    public async Task Requests_to_book_are_counted_by_what_came_of_them()
    {
        var (doctor, one, two) = (await Server.Doctor(), await Server.User("patient"), await Server.User("patient"));
        var slot = await doctor.Slot();
        (await one.Book(slot)).Is(201);
        (await two.Book(slot)).Is(409);
        var attempts = (await Server.App.Services.GetRequiredService<Statistics>().Figures(7, default)).Attempts;
        attempts.Single(a => a.Key == "booked").N.ShouldBeGreaterThanOrEqualTo(1);
        attempts.Single(a => a.Key == "one_active_booking_per_slot").N.ShouldBeGreaterThanOrEqualTo(1);
    }

    async Task<string[]> Read(Func<Figures, IReadOnlyList<Count>> of) =>
        [.. of(await Server.App.Services.GetRequiredService<Statistics>().Figures(7, default)).Select(c => c.Key)];
}

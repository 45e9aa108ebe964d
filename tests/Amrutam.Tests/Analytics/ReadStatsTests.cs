using Amrutam.Analytics;
using Amrutam.Analytics.Contracts;
using Amrutam.Identity.Privacy;
using Amrutam.Platform.Data;
using Amrutam.Portal.Dashboard;
using Amrutam.Tests.Scheduling.Slots;
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
    public async Task An_acknowledged_change_is_counted_in_the_next_answer()
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
    public async Task A_changed_role_is_counted_as_the_new_one()
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
    public async Task Requests_to_book_are_counted_by_outcome()
    {
        var (doctor, one, two) = (await Server.Doctor(), await Server.User("patient"), await Server.User("patient"));
        var slot = await doctor.Slot();
        (await one.Book(slot)).Is(201);
        (await two.Book(slot)).Is(409);
        var figures = await Server.App.Services.GetRequiredService<Statistics>().Figures(7, default);
        DashboardFigures.Requests(figures).Booked.ShouldBe(1);
        figures.Refusals.ShouldHaveSingleItem().ShouldBe(
            new Count("one_active_booking_per_slot", Clinic.Today(TimeProvider.System), 1));
    }

    [Fact]
    public async Task Refused_requests_are_kept_over_a_restart_and_added_up_over_replicas()
    {
        await using var twin = await TestServer.Start(Server.Database);
        var (doctor, one, two) = (await Server.Doctor(), await Server.User("patient"), await twin.User("patient"));
        var slot = await doctor.Slot();
        (await one.Book(slot)).Is(201);
        (await one.Book(slot)).Is(409);
        (await two.Book(slot)).Is(409);
        await twin.App.StopAsync();
        var figures = await Server.App.Services.GetRequiredService<Statistics>().Figures(7, default);
        figures.Refusals.Sum(r => r.N).ShouldBe(2);
    }

    [Fact]
    public async Task Each_total_is_the_number_of_its_rows()
    {
        var (admin, doctor) = (await Person.Admin(Server), await Server.Doctor());
        var patient = await Person.SignUp(Server);
        var erased = await Person.SignUp(Server);
        (await erased.Http.Send(HttpMethod.Delete, "/api/me", new { password = Person.Password })).Is(202);
        string[] ends = ["cancelled", "declined", "expired", "no_show", "completed", "confirmed"];
        foreach (var (day, status) in ends.Index()) await AddEnded(doctor.Id, patient.Id, status, 40 + day);
        await Server.Owner.Statement("update identity.users set deletion_due_at = now() where id = $1")
            .With(erased.Id).Execute();
        (await Server.App.Services.GetRequiredService<EraseAccounts>().EraseDue(default)).ShouldBe(1);
        var stats = (await admin.Http.Get("/api/admin/stats")).Is(200);
        foreach (var (name, rows) in new[]
        {
            ("total_users", SignedUp),
            ("total_patients", SignedUp),
            ("total_bookings", "scheduling.bookings"),
            ("cancelled_bookings", "scheduling.bookings where status = 'cancelled'"),
            ("declined_bookings", "scheduling.bookings where status = 'declined'"),
            ("expired_bookings", "scheduling.bookings where status = 'expired'"),
            ("missed_bookings", "scheduling.bookings where status = 'no_show'"),
        })
            stats[name].ShouldBe(
                (await Server.Owner.Statement("select count(*) from " + rows).Value<long>()).ToString(), name);
    }

    // Accounts of the fixtures are imported, and no event counts those.
    const string SignedUp = "identity.users where erased_at is null and password_hash is not null";

    /// <summary>A booking with its events and this status.</summary>
    async Task AddEnded(Guid doctor, Guid patient, string status, int day)
    {
        var (id, slot) = (Guid.CreateVersion7(), await Server.OpenSlot(doctor, $"now() + interval '{day} days'"));
        await Server.Owner.Statement("""
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, status,
                   cancelled_by, no_show_party, revision)
            select $1, s.id, s.doctor_id, $2, s.starts_at, s.ends_at, $3,
                   case $3 when 'cancelled' then 'patient' end, case $3 when 'no_show' then 'patient' end, 0
              from scheduling.slots s where s.id = $4
            """).With(id).With(patient).With(status).With(slot.Id).Execute();
        var details = $$"""{"doctor_id": "{{doctor}}", "starts_at": "2026-11-02T00:00:00Z"}""";
        await Server.Owner.Append("bookings.requested", "booking", id, details);
        if (status != "confirmed") await Server.Owner.Append("bookings." + status, "booking", id, details);
    }

    async Task<string[]> Read(Func<Figures, IReadOnlyList<Count>> of) =>
        [.. of(await Server.App.Services.GetRequiredService<Statistics>().Figures(7, default)).Select(c => c.Key)];
}

using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using NodaTime.Text;

namespace Amrutam.Tests.Doctors.Directory;

/// <summary>The directory by a kind of visit.</summary>
public sealed class DoctorsOfVisitTypeTests(DoctorsOfVisitTypeTests.Uncached fixture)
    : IClassFixture<DoctorsOfVisitTypeTests.Uncached>
{
    public sealed class Uncached(TestCluster cluster) : ServerFixture(cluster)
    {
        protected override string[] Settings => ["--Http:ListsKeptSeconds=0"];
    }

    TestServer Server => fixture.Server;

    async Task<Reply> Find(Guid type, string more = "") =>
        (await Server.Anonymous().Get($"/api/doctors?visit_type_id={type}{more}")).Is(200);

    /// <summary>Three doctors who offer the kind at 60, 40 and 50 thousand.</summary>
    async Task<(Guid Type, List<TestUser> Doctors)> Three(int minutes = 30)
    {
        var type = await Server.NewVisitType(minutes, ("fee_minor", 50_000));
        var doctors = new List<TestUser>();
        foreach (var fee in new int?[] { 60_000, 40_000, null })
        {
            var doctor = await Server.Doctor();
            (await doctor.OfferKinds(new { visit_type_id = type, fee_minor = fee })).Is(200);
            doctors.Add(doctor);
        }
        return (type, doctors);
    }

    [Fact]
    public async Task Only_doctors_who_offer_the_kind_are_listed_with_the_price_that_counts()
    {
        var (type, doctors) = await Three();
        await Server.Doctor();
        var found = await Find(type, "&sort=fee");
        found.Ids().ShouldBe([doctors[1].Id, doctors[2].Id, doctors[0].Id]);
        found.Items.Select(d => d.GetProperty("visit_type").GetProperty("fee_minor").GetInt32())
            .ShouldBe([40_000, 50_000, 60_000]);
        (await Find(type, "&max_fee_minor=50000")).Ids().ShouldBe([doctors[1].Id, doctors[2].Id], ignoreOrder: true);
        (await Find(type, "&currency=USD")).Items.ShouldBeEmpty();
        (await Server.Anonymous().Get($"/api/doctors/{doctors[0].Id}")).Is(200).Text.ShouldNotContain("visit_type");
        await Server.ChangeVisitType(type, new { active = false });
        (await Find(type)).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_next_slot_is_the_first_at_which_the_kind_fits()
    {
        var (type, doctors) = await Three(60);
        foreach (var n in new[] { 0, 2, 3 }) await doctors[0].Slot(n);
        foreach (var n in new[] { 0, 1 }) await doctors[1].Slot(n);
        await doctors[2].Slot(0);
        var found = await Find(type, "&sort=soonest");
        found.Ids().ShouldBe([doctors[1].Id, doctors[0].Id, doctors[2].Id]);
        found.All("next_open_slot_at").ShouldBe([
            InstantPattern.General.Format(Calendar.Start),
            InstantPattern.General.Format(Calendar.Start + NodaTime.Duration.FromHours(1)), ""]);
        var day = Availability.Iso(Calendar.Start.InZone(NodaTime.DateTimeZoneProviders.Tzdb["Asia/Kolkata"]).Date);
        (await Find(type, $"&available_on={day}")).Ids().ShouldBe([doctors[0].Id, doctors[1].Id], ignoreOrder: true);
    }

    [Fact]
    public async Task Words_and_pages_work_with_a_kind()
    {
        var (type, doctors) = await Three();
        (await doctors[0].Http.Patch("/api/doctors/profile", new { bio = "Reads the pulse at dawn." })).Is(200);
        (await Find(type, "&q=pulse")).Ids().ShouldBe([doctors[0].Id]);
        (await Find(type, "&q=zzzz")).Items.ShouldBeEmpty();
        foreach (var sort in new[] { "name", "fee", "experience", "soonest" })
        {
            var (seen, cursor) = (new List<Guid>(), "");
            do
            {
                var page = await Find(type, $"&sort={sort}&limit=1{cursor}");
                seen.AddRange(page.Ids());
                cursor = page.Body.GetProperty("next_cursor").GetString() is { } next
                    ? "&cursor=" + Uri.EscapeDataString(next) : "";
            }
            while (cursor.Length > 0);
            seen.ShouldBe(doctors.Select(d => d.Id), ignoreOrder: true, sort);
        }
    }
}

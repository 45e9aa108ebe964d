using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Portal.Dashboard;

[Collection(Browser.OneAtATime)]
public sealed class DashboardTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task An_admin_signs_in_and_sees_the_real_bookings()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        (await patient.Book(await doctor.Slot(2))).Is(201);
        await using var screen = await SignedIn("admin");
        var before = await Total(screen, "Bookings");
        (await patient.Book(await doctor.Slot())).Is(201);
        var cancelled = (await patient.Book(await doctor.Slot(1))).Is(201).Id;
        (await patient.Http.Post($"/api/bookings/{cancelled}/cancellation", new { })).Is(200);
        await screen.Page.ReloadAsync();
        (await Total(screen, "Bookings")).ShouldBe(before + 2);
        await screen.Page.GetByText("Show the numbers").ClickAsync();
        var today = screen.Page.Locator("details.numbers tbody tr").Last;
        (await today.Locator("td").AllInnerTextsAsync())[1].ShouldBe("1");
        (await screen.Page.Locator("table tr").Filter(new() { HasText = "Booking cancelled" }).CountAsync())
            .ShouldBeGreaterThan(0);
        screen.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_profile_shown_to_an_admin_is_recorded_and_is_not_in_the_feed()
    {
        await using var screen = await SignedIn("admin");
        var doctor = await Server.Doctor();
        await Server.Owner.Statement("update doctors.profiles set verified_at = null where id = $1").With(doctor.Id)
            .Execute();
        for (var look = 0; look < 2; look++) await screen.Page.ReloadAsync();
        (await Server.Owner.Statement("""
            select count(*)::int from audit.events where action = 'profiles.read' and entity_id = $1
            """).With(doctor.Id).Value<int>()).ShouldBe(2);
        var news = await screen.Page.Locator("table tr").AllInnerTextsAsync();
        news.ShouldContain(row => row.Contains("Signed up", StringComparison.Ordinal));
        news.ShouldNotContain(row => row.Contains("looked at", StringComparison.Ordinal)
            || row.Contains("profiles", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Slots_on_offer_are_those_that_can_still_be_booked()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var (booked, closed) = (await doctor.Slot(), await doctor.Slot(1));
        await doctor.Slot(2);
        (await patient.Book(booked)).Is(201);
        await using var screen = await SignedIn("admin");
        var before = await Total(screen, "Slots on offer");
        (await doctor.Http.Delete($"/api/slots/{closed}")).Is(204);
        await doctor.Slot(3);
        await Server.Owner.Statement("""
            update scheduling.slots set starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour'
             where doctor_id = $1 and booking_id is null and closed_at is null
               and starts_at = (select max(starts_at) from scheduling.slots where doctor_id = $1)
            """).With(doctor.Id).Execute();
        await screen.Page.ReloadAsync();
        (await Total(screen, "Slots on offer")).ShouldBe(before - 1);
    }

    [Fact]
    public async Task An_admin_verifies_a_doctor_who_waits()
    {
        var (doctor, other) = (await Server.Doctor(), await Server.Doctor());
        await Server.Owner.Statement("""
            update doctors.profiles set verified_at = null, registration_number = 'MCIM 42817', created_at = $2
             where id = $1
            """).With(doctor.Id).With(DateTime.UnixEpoch).Execute();
        await using var screen = await SignedIn("admin");
        var row = screen.Page.Locator(".health li").Filter(new() { HasText = "MCIM 42817" });
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await row.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        (await Server.Owner.Statement("select verified_at is not null from doctors.profiles where id = $1")
            .With(doctor.Id).Value<bool>()).ShouldBeTrue();
        await screen.Page.GotoAsync("/admin?refused=one_doctor_per_registration");
        (await screen.Page.GetByRole(AriaRole.Alert).InnerTextAsync()).ShouldContain("registration number");
        await screen.Page.GotoAsync("/admin?refused=" + other.Id);
        (await screen.Page.GetByRole(AriaRole.Alert).CountAsync()).ShouldBe(0);
        screen.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_sign_in_and_the_pages_of_problems_are_pages_too()
    {
        foreach (var (path, status) in new[] { ("/sign-in", 200), ("/no-such-page", 404), ("/admin/none", 404) })
        {
            await using var screen = await browser.Open(Server.Address, 360);
            (await screen.Page.GotoAsync(path))!.Status.ShouldBe(status);
            (await screen.Page.Locator("h1").CountAsync()).ShouldBe(1);
            await screen.Picture("page" + path.Replace('/', '-'));
            (await screen.Overflow()).ShouldBe(0);
            (await screen.Violations()).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task A_wrong_password_shows_an_error_and_opens_nothing()
    {
        await using var screen = await browser.Open(Server.Address);
        await screen.Page.GotoAsync("/admin");
        await screen.Fill("nobody@example.org", "wrong horse battery");
        await screen.Page.GetByRole(AriaRole.Alert).WaitForAsync();
        (await screen.Page.Locator("#email").InputValueAsync()).ShouldBe("nobody@example.org");
        await screen.Page.GotoAsync("/admin");
        screen.Page.Url.ShouldContain("/sign-in");
    }

    [Fact]
    public async Task Signing_out_closes_the_door()
    {
        await using var screen = await SignedIn("admin");
        await screen.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await screen.Page.GotoAsync("/admin");
        screen.Page.Url.ShouldContain("/sign-in");
    }

    [Fact]
    public async Task The_light_and_the_language_that_were_chosen_stay()
    {
        await using var screen = await SignedIn("admin");
        await screen.Page.GetByRole(AriaRole.Button, new() { Name = "Dark" }).ClickAsync();
        await screen.Page.GetByRole(AriaRole.Button, new() { Name = "हिन्दी" }).ClickAsync();
        await screen.Page.GotoAsync("/admin?days=7");
        (await screen.Page.Locator("html").GetAttributeAsync("data-theme")).ShouldBe("dark");
        (await screen.Page.Locator("html").GetAttributeAsync("lang")).ShouldBe("hi");
        (await screen.Page.ContentAsync()).ShouldNotContain("&#x9");
        (await screen.Page.Locator("h1").InnerTextAsync()).ShouldBe("चिकित्सालय का हाल");
    }

    [Fact]
    public async Task A_form_without_its_token_changes_nothing()
    {
        var reply = await Server.Anonymous().Send(HttpMethod.Post, "/preferences",
            new FormUrlEncodedContent([new("theme", "dark"), new("back", "//elsewhere.example")]));
        reply.Status.ShouldBe(400);
        reply.Header("Set-Cookie").ShouldBeNull();
    }

    [Fact]
    public async Task The_days_are_downloaded_as_a_table()
    {
        (await (await Server.User("patient")).Book(await (await Server.Doctor()).Slot())).Is(201);
        await using var screen = await SignedIn("admin");
        var download = await screen.Page.RunAndWaitForDownloadAsync(() => screen.Page.GetByText("Download CSV")
            .ClickAsync());
        var lines = await File.ReadAllLinesAsync(await download.PathAsync());
        lines[0].ShouldBe("day,kept,cancelled,no_show,declined,expired");
        lines.Length.ShouldBe(1 + 28);
    }

    Task<Screen> SignedIn(string role) => browser.SignedIn(Server, role);

    static async Task<long> Total(Screen screen, string tile) => long.Parse(
        (await screen.Page.Locator(".tile", new() { HasText = tile }).Locator("dd").First.InnerTextAsync())
            .Replace(",", "", StringComparison.Ordinal));
}

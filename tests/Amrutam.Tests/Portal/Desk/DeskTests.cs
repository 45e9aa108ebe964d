using Amrutam.Platform.Data;
using Amrutam.Portal.Desk;
using Amrutam.Portal.Parts;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;
using NodaTime;

namespace Amrutam.Tests.Portal.Desk;

/// <summary>The front desk sees the day of every doctor, and checks patients in.</summary>
[Collection(Browser.OneAtATime)]
public sealed class DeskTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Theory]
    [InlineData(320, ColorScheme.Light, "en-IN")]
    [InlineData(390, ColorScheme.Dark, "hi-IN")]
    [InlineData(1280, ColorScheme.Light, "hi-IN")]
    [InlineData(1280, ColorScheme.Dark, "en-IN")]
    public async Task The_desk_goes_from_all_doctors_to_one_and_checks_a_patient_in(int width, ColorScheme light,
        string language)
    {
        var (doctor, visit) = await DoctorWithVisit();
        await DoctorWithVisit();
        await using var screen = await browser.SignedIn(Server, "staff", width, light, language);
        await screen.Page.GotoAsync(ClinicsDay());
        await Looks(screen, $"desk-{light}-{width}");
        await screen.Page.Locator($"h2 a[href*='{doctor.Id}']").ClickAsync();
        (await screen.Page.Locator("main section").CountAsync()).ShouldBe(1);
        await CheckIn(screen, visit);
        (await Status(visit)).ShouldBe("checked_in");
        screen.Page.Url.ShouldEndWith($"#v{visit}");
        (await screen.Page.Locator($"#v{visit} .who").InnerTextAsync()).ShouldContain("1");
        (await screen.Page.Locator($"#v{visit} button").CountAsync()).ShouldBe(0);
        await Looks(screen, $"desk-of-one-{light}-{width}");
    }

    [Fact]
    public async Task A_check_in_that_is_refused_says_why_and_names_the_visit()
    {
        var (_, visit) = await DoctorWithVisit();
        await using var screen = await browser.SignedIn(Server, "staff", 320);
        await screen.Page.GotoAsync(ClinicsDay());
        // Another desk is faster.
        await Server.Owner.Statement("update scheduling.bookings set revision = revision + 1 where id = $1")
            .With(visit).Execute();
        await CheckIn(screen, visit);
        (await screen.Page.TitleAsync()).ShouldStartWith("Error: ");
        (await screen.Page.Locator("#problem a").GetAttributeAsync("href")).ShouldBe($"#v{visit}");
        await Looks(screen, "desk-refused");
        (await Status(visit)).ShouldBe("confirmed");
    }

    [Fact]
    public async Task A_walk_in_without_a_slot_is_shown_with_its_token()
    {
        var (doctor, staff) = (await Server.DoctorAtNoon(), await Server.User("staff"));
        var patient = await Server.User("patient", "Ravi Iyer");
        (await staff.Http.Post("/api/desk/walk-ins", new { patient_id = patient.Id, doctor_id = doctor.Id })).Is(201);
        await using var screen = await browser.SignedIn(Server, "staff", 390);
        await screen.Page.GotoAsync($"{ShowDesk.Path}?doctor={doctor.Id}");
        var text = await screen.Page.Locator("[aria-labelledby='walk-ins']").InnerTextAsync();
        text.ShouldContain("Ravi Iyer");
        text.ShouldContain("Token 1");
        await Looks(screen, "desk-walk-in");
    }

    static string ClinicsDay() => ShowDesk.Address(Preferences.ZoneOf(Preferences.ClinicZone)
        .At(SystemClock.Instance.GetCurrentInstant() + Duration.FromMinutes(5)).Day, null);

    static Task CheckIn(Screen screen, Guid visit) => screen.Page.RunAndWaitForResponseAsync(
        () => screen.Page.Locator($"#v{visit} button").ClickAsync(), r => r.Request.Method == "GET" || r.Status >= 400);

    async Task<(TestUser Doctor, Guid Visit)> DoctorWithVisit()
    {
        var doctor = await Server.DoctorAtNoon();
        var patient = await Server.User("patient", "Asha Rao");
        return (doctor, (await patient.Book(await Server.SlotIn(doctor, 5))).Is(201).Id);
    }

    Task<string?> Status(Guid visit) => Server.Owner.Statement("select status from scheduling.bookings where id = $1")
        .With(visit).Value<string>();

    static async Task Looks(Screen screen, string name)
    {
        await screen.Picture(name);
        (await screen.Page.Locator("h1").CountAsync()).ShouldBe(1);
        (await screen.Overflow()).ShouldBe(0, name);
        (await screen.Violations()).ShouldBeEmpty(name);
    }
}

using Amrutam.Platform.Data;
using Amrutam.Portal.Day;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Portal.Day;

/// <summary>A doctor runs the day by pages, on a phone and at a desk.</summary>
[Collection(Browser.OneAtATime)]
public sealed class DayTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Theory]
    [InlineData(390, ColorScheme.Light, "en-IN")]
    [InlineData(1280, ColorScheme.Dark, "hi-IN")]
    public async Task A_doctor_takes_a_visit_from_the_arrival_to_its_end_and_back(int width, ColorScheme light,
        string language)
    {
        var (doctor, visit) = await DoctorWithVisit();
        await using var screen = await Open(doctor, width, light, language);
        screen.Page.Url.ShouldEndWith(ShowDay.Path);
        await Looks(screen, $"day-{light}-{width}");
        foreach (var (step, status) in new[] { ("check-in", "checked_in"), ("start", "in_progress"),
            ("completion", "completed"), ("undo", "in_progress") })
        {
            await Press(screen, step);
            (await Status(visit)).ShouldBe(status);
        }
        await Looks(screen, $"day-going-on-{light}-{width}");
    }

    [Fact]
    public async Task A_step_that_is_refused_says_why_and_names_the_visit()
    {
        var (doctor, visit) = await DoctorWithVisit();
        await using var screen = await Open(doctor, 320, ColorScheme.Light, "en-IN");
        // Another device is faster.
        await Server.Owner.Statement("update scheduling.bookings set revision = revision + 1 where id = $1")
            .With(visit).Execute();
        await Press(screen, "check-in");
        (await screen.Page.TitleAsync()).ShouldStartWith("Error: ");
        (await screen.Page.Locator("#problem a").GetAttributeAsync("href")).ShouldBe($"#v{visit}");
        await Looks(screen, "day-refused");
        (await Status(visit)).ShouldBe("confirmed");
    }

    [Fact]
    public async Task The_page_renews_itself_until_its_reader_stops_that()
    {
        var (doctor, _) = await DoctorWithVisit();
        await using var screen = await Open(doctor, 390, ColorScheme.Light, "en-IN");
        var first = await screen.Page.GotoAsync(ShowDay.Path);
        (await first!.AllHeadersAsync()).ShouldContainKeyAndValue("refresh", "30");
        var still = await screen.Page.RunAndWaitForResponseAsync(
            () => screen.Page.Locator("main .acts a.quiet").ClickAsync(), r => r.Url.Contains("still"));
        (await still.AllHeadersAsync()).ShouldNotContainKey("refresh");
    }

    static Task Press(Screen screen, string step) => screen.Page.RunAndWaitForResponseAsync(
        () => screen.Page.Locator($"button[value='{step}']").ClickAsync(), r => r.Request.Method == "GET"
            || r.Status >= 400);

    async Task<(Person Doctor, Guid Visit)> DoctorWithVisit()
    {
        var doctor = await Person.SignUp(Server, role: "doctor");
        (await doctor.Http.Post("/api/doctors/profile", new { specialization = "Ayurveda", experience = 5, bio = "x" }))
            .Is(201);
        await Server.Owner.Statement("update doctors.profiles set verified_at = now() where id = $1").With(doctor.Id)
            .Execute();
        var patient = await Server.User("patient");
        var slot = await new TestUser(doctor.Id, doctor.Http).Slot();
        var visit = (await patient.Book(slot, reason: "Knee hurts on stairs")).Is(201).Id;
        // It began a minute ago, today in the doctor's zone too but for the first minute after midnight there.
        await Server.Owner.Statement("""
            with s as (update scheduling.slots set starts_at = now() - interval '1 second',
                              ends_at = now() + interval '20 minutes' where id = $1)
            update scheduling.bookings set starts_at = now() - interval '1 second',
                   ends_at = now() + interval '20 minutes' where slot_id = $1
            """).With(slot).Execute();
        return (doctor, visit);
    }

    async Task<Screen> Open(Person doctor, int width, ColorScheme light, string language)
    {
        var screen = await browser.Open(Server.Address, width, light, language);
        await screen.Page.GotoAsync("/sign-in");
        await screen.Fill(doctor.Email, Person.Password);
        return screen;
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

using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Portal.Waiting;

/// <summary>A patient waits for a time by pages.</summary>
[Collection(Browser.OneAtATime)]
public sealed class WaitByPagesTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Theory]
    [InlineData(390, ColorScheme.Dark, "hi-IN", true)]
    [InlineData(1280, ColorScheme.Light, "en-IN", false)]
    public async Task A_freed_time_is_offered_and_answered(int width, ColorScheme light, string language, bool accepts)
    {
        var doctor = await Server.Doctor();
        var slot = await doctor.Slot();
        var first = await Server.User("patient");
        var booking = (await first.Book(slot)).Is(201).Id;
        var patient = await Person.SignUp(Server);
        await using var screen = await browser.Open(Server.Address, width, light, language);
        await screen.Page.GotoAsync("/sign-in?returnUrl=" + Uri.EscapeDataString($"/doctors/{doctor.Id}"));
        await screen.Fill(patient.Email, Person.Password);
        await screen.Page.Locator("main a[href^='/waitlist/new']").ClickAsync();
        await Looks(screen, $"wait-join-{light}-{width}");
        await screen.Page.Locator("main .button").ClickAsync();
        await Looks(screen, $"wait-{light}-{width}");

        (await first.Http.Post($"/api/bookings/{booking}/cancellation", new { })).Is(200);
        await screen.Page.ReloadAsync();
        await Looks(screen, $"wait-offered-{light}-{width}");
        await screen.Page.Locator(accepts ? "main .button:not(.plain)" : "main .button.plain").ClickAsync();
        var own = (await patient.Http.Get("/api/bookings")).Is(200).Body.GetProperty("items").GetArrayLength();
        own.ShouldBe(accepts ? 1 : 0);
        new Uri(screen.Page.Url).AbsolutePath.ShouldStartWith(accepts ? "/visits/" : "/waitlist");
    }

    [Fact]
    public async Task An_offer_that_is_over_is_said_and_a_list_is_left()
    {
        var doctor = await Server.Doctor();
        var slot = await doctor.Slot();
        var first = await Server.User("patient");
        var booking = (await first.Book(slot)).Is(201).Id;
        var patient = await Person.SignUp(Server);
        await using var screen = await browser.Open(Server.Address, 390);
        await screen.Page.GotoAsync("/sign-in?returnUrl=" + Uri.EscapeDataString($"/waitlist/new?doctor={doctor.Id}"));
        await screen.Fill(patient.Email, Person.Password);
        await screen.Page.Locator("main .button").ClickAsync();
        (await first.Http.Post($"/api/bookings/{booking}/cancellation", new { })).Is(200);
        await screen.Page.ReloadAsync();
        var entry = (await patient.Http.Get("/api/waitlist")).Is(200).Body.GetProperty("items")[0];
        (await patient.Http.Post($"/api/waitlist/{entry.GetProperty("id").GetString()}/decline", new { })).Is(200);
        var answer = await screen.Page.RunAndWaitForResponseAsync(
            () => screen.Page.Locator("main .button:not(.plain)").ClickAsync(), r => r.Request.Method == "POST");
        answer.Status.ShouldBe(409);
        (await screen.Page.TitleAsync()).ShouldStartWith("Error: ");
        (await screen.Page.Locator("#problem").InnerTextAsync()).ShouldContain("The offer is over.");
        await screen.Page.Locator(".visit button").ClickAsync();
        (await screen.Page.Locator(".visit").CountAsync()).ShouldBe(0);
    }

    static async Task Looks(Screen screen, string name)
    {
        await screen.Picture(name);
        (await screen.Page.Locator("h1").CountAsync()).ShouldBe(1);
        (await screen.Overflow()).ShouldBe(0, name);
        (await screen.Violations()).ShouldBeEmpty(name);
    }
}

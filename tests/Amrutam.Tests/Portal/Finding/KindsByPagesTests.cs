using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Portal.Finding;

/// <summary>A patient chooses the kind of visit before the time, in a real browser.</summary>
[Collection(Browser.OneAtATime)]
public sealed class KindsByPagesTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Theory]
    [InlineData(390, ColorScheme.Light, "en-IN", true, "In person")]
    [InlineData(1280, ColorScheme.Dark, "hi-IN", true, "चिकित्सालय में")]
    [InlineData(320, ColorScheme.Light, "en-IN", false, "In person")]
    public async Task The_kind_is_asked_first_and_stands_on_the_visit(int width, ColorScheme light, string language,
        bool scripts, string mode)
    {
        var doctor = await Server.Doctor();
        for (var i = 0; i < 3; i++) await doctor.Slot(i);
        var (brief, whole) = (await Server.NewVisitType(), await Server.NewVisitType(60, ("mode", "in_person"),
            ("address", "12 Temple Road, Mysuru"), ("fee_minor", 91_000)));
        var staffOnly = await Server.NewVisitType(45, ("bookable_by", "staff"));
        (await doctor.OfferKinds(brief, whole, staffOnly)).Is(200);
        var patient = await Person.SignUp(Server);
        await using var screen = await browser.Open(Server.Address, width, light, language, scripts);
        var (page, name) = (screen.Page, $"{light}-{width}-{language}");

        await page.GotoAsync($"/doctors/{doctor.Id}");
        await Looks(screen, "kinds-" + name, scripts);
        (await page.Locator("main .visit a").AllInnerTextsAsync())
            .ShouldBe(["Visit of 30 minutes", "Visit of 60 minutes"]);
        (await page.Locator("button.slot").CountAsync()).ShouldBe(0);
        await page.Locator("main .visit a").Last.ClickAsync();
        await Looks(screen, "kind-week-" + name, scripts);
        // The last of three half hours has no room for an hour.
        (await page.Locator(".week button.slot").CountAsync()).ShouldBe(2);
        await page.Locator(".week button.slot").First.ClickAsync();
        await screen.Fill(patient.Email, Person.Password);
        await page.Locator(".week button.slot").First.ClickAsync();
        await Looks(screen, "kind-confirm-" + name, scripts);
        await ShowsTheVisit(page, mode);
        await page.Locator("main .button").ClickAsync();
        await Looks(screen, "kind-booked-" + name, scripts);
        await ShowsTheVisit(page, mode);
        (await Booked(patient)).ShouldBe(whole);
        await page.GotoAsync("/visits");
        await Looks(screen, "kind-visits-" + name, scripts);
        (await page.Locator(".visit").InnerTextAsync()).ShouldContain("₹910");
        (await page.Locator(".visit").InnerTextAsync()).ShouldContain(mode);
    }

    [Fact]
    public async Task The_only_kind_is_not_asked()
    {
        var doctor = await Server.Doctor();
        await doctor.Slot();
        var type = await Server.NewVisitType();
        (await doctor.OfferKinds(type)).Is(200);
        var patient = await Person.SignUp(Server);
        await using var screen = await SignedIn(patient, $"/doctors/{doctor.Id}");
        (await screen.Page.Locator("main .zone").First.InnerTextAsync()).ShouldContain("₹500");
        await screen.Page.Locator(".week button.slot").ClickAsync();
        await screen.Page.Locator("main .button").ClickAsync();
        (await Booked(patient)).ShouldBe(type);
    }

    [Fact]
    public async Task A_price_that_has_changed_is_shown_and_the_reason_is_kept()
    {
        var doctor = await Server.Doctor();
        await doctor.Slot();
        var type = await Server.NewVisitType();
        (await doctor.OfferKinds(type)).Is(200);
        var patient = await Person.SignUp(Server);
        await using var screen = await SignedIn(patient, $"/doctors/{doctor.Id}");
        await screen.Page.Locator(".week button.slot").ClickAsync();
        await screen.Page.Locator("#reason").FillAsync("A rash on both hands");
        await Server.ChangeVisitType(type, new { fee_minor = 72_000 });
        await Refused(screen, 409, "The price has changed");
        (await screen.Page.Locator(".summary").InnerTextAsync()).ShouldContain("₹720");
        (await screen.Page.Locator("#reason").InputValueAsync()).ShouldBe("A rash on both hands");
        await Looks(screen, "kind-price", scripts: true);
        await screen.Page.Locator("main .button").ClickAsync();
        (await Booked(patient)).ShouldBe(type);
    }

    [Theory]
    [InlineData(true, "A follow-up needs a first visit")]
    [InlineData(false, "does not offer this kind")]
    public async Task A_kind_that_is_refused_leads_back_to_the_other_kinds(bool isFollowUp, string says)
    {
        var doctor = await Server.Doctor();
        // The first time is held for the patient after the refusal, and the second is free.
        for (var i = 0; i < 2; i++) await doctor.Slot(i);
        var (first, other) = (await Server.NewVisitType(),
            isFollowUp ? await Server.NewVisitType(20, ("first", false), ("follow_up_within_days", 30))
                : await Server.NewVisitType(20));
        var third = await Server.NewVisitType(25);
        (await doctor.OfferKinds(first, other, third)).Is(200);
        var patient = await Person.SignUp(Server);
        await using var screen = await SignedIn(patient, $"/doctors/{doctor.Id}?kind={other}");
        await screen.Page.Locator(".week button.slot").First.ClickAsync();
        if (!isFollowUp) await Server.ChangeVisitType(other, new { active = false });
        await Refused(screen, 0, says);
        await Looks(screen, "kind-refused", scripts: true);
        await screen.Page.Locator("main .visit a").First.ClickAsync();
        await screen.Page.Locator(".week button.slot").First.ClickAsync();
        await screen.Page.Locator("main .button").ClickAsync();
        (await Booked(patient)).ShouldBe(first);
    }

    [Fact]
    public async Task A_long_visit_whose_second_half_was_taken_shows_the_times_that_fit()
    {
        var doctor = await Server.Doctor();
        var slots = new List<Guid>();
        for (var i = 0; i < 5; i++) slots.Add(await doctor.Slot(i));
        var type = await Server.NewVisitType(60);
        (await doctor.OfferKinds(type)).Is(200);
        var (patient, other) = (await Person.SignUp(Server), await Server.User("patient"));
        await using var screen = await SignedIn(patient, $"/doctors/{doctor.Id}");
        await screen.Page.Locator(".week button.slot").First.ClickAsync();
        (await other.Http.Post($"/api/slots/{slots[1]}/hold")).Is(201);
        await Refused(screen, 409, "");
        await screen.Page.Locator(".week button.slot").First.ClickAsync();
        await screen.Page.Locator("main .button").ClickAsync();
        (await patient.Http.Get("/api/bookings")).Is(200).Body.GetProperty("items")[0].GetProperty("slot_id").GetGuid()
            .ShouldBe(slots[2]);
    }

    /// <summary>Sends the booking, which is refused.</summary>
    /// <param name="status">0 for any refusal.</param>
    static async Task Refused(Screen screen, int status, string says)
    {
        var answer = await screen.Page.RunAndWaitForResponseAsync(
            () => screen.Page.Locator("main .button").ClickAsync(), r => r.Request.Method == "POST");
        answer.Status.ShouldBeGreaterThanOrEqualTo(400);
        if (status > 0) answer.Status.ShouldBe(status);
        (await screen.Page.TitleAsync()).ShouldStartWith("Error: ");
        (await screen.Page.EvaluateAsync<string>("document.activeElement.id")).ShouldBe("problem");
        (await screen.Page.Locator("#problem").InnerTextAsync()).ShouldContain(says);
    }

    static async Task ShowsTheVisit(IPage page, string mode)
    {
        var summary = await page.Locator(".summary").InnerTextAsync();
        foreach (var part in new[] { "Visit of 60 minutes", mode, "₹910", "12 Temple Road" })
            summary.ShouldContain(part);
    }

    async Task<Screen> SignedIn(Person patient, string path)
    {
        var screen = await browser.Open(Server.Address, 390);
        await screen.Page.GotoAsync("/sign-in?returnUrl=" + Uri.EscapeDataString(path));
        await screen.Fill(patient.Email, Person.Password);
        new Uri(screen.Page.Url).PathAndQuery.ShouldBe(path);
        return screen;
    }

    static async Task Looks(Screen screen, string name, bool scripts)
    {
        await screen.Picture(name);
        (await screen.Page.Locator("h1").CountAsync()).ShouldBe(1);
        if (!scripts) return;
        (await screen.Overflow()).ShouldBe(0, name);
        (await screen.Violations()).ShouldBeEmpty(name);
    }

    static async Task<Guid> Booked(Person patient) => (await patient.Http.Get("/api/bookings")).Is(200).Body
        .GetProperty("items")[0].GetProperty("visit_type").GetProperty("id").GetGuid();
}

using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Portal.Visits;

/// <summary>A patient finds a doctor, books, moves and cancels, in a real browser.</summary>
[Collection(Browser.OneAtATime)]
public sealed class BookByPagesTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Theory]
    [InlineData(390, ColorScheme.Light, "en-IN", true)]
    [InlineData(320, ColorScheme.Dark, "hi-IN", true)]
    [InlineData(1280, ColorScheme.Light, "hi-IN", true)]
    [InlineData(1280, ColorScheme.Dark, "en-IN", true)]
    [InlineData(390, ColorScheme.Light, "en-IN", false)]
    public async Task A_patient_finds_a_doctor_and_books(int width, ColorScheme light, string language, bool scripts)
    {
        var field = "Field " + Guid.CreateVersion7();
        var doctor = await Server.Doctor(specialization: field);
        await doctor.Offer(Availability.Daily("09:00", "19:00"));
        var patient = await Person.SignUp(Server);
        await using var screen = await browser.Open(Server.Address, width, light, language, scripts);
        var name = $"{light}-{width}-{language}";

        (await screen.Page.GotoAsync("/doctors?q=" + Uri.EscapeDataString(field)))!.Status.ShouldBe(200);
        await Looks(screen, "find-" + name, scripts);
        await screen.Page.Locator(".doctor .quiet").ClickAsync();
        await Looks(screen, "week-" + name, scripts);
        await screen.Page.Locator(".week button.slot").First.ClickAsync();
        // Nothing is held for a visitor; the choice waits for the sign-in and is shown again.
        await screen.Fill(patient.Email, Person.Password);
        (await Holds(patient)).ShouldBe(0);
        await screen.Page.Locator(".week button.slot").First.ClickAsync();
        await Looks(screen, "confirm-" + name, scripts);
        (await Holds(patient)).ShouldBe(1);
        await screen.Page.Locator("#reason").FillAsync("Sleeps badly since spring");
        await screen.Page.Locator("main .button").ClickAsync();
        await Looks(screen, "booked-" + name, scripts);
        var booking = (await patient.Http.Get("/api/bookings")).Is(200).Body.GetProperty("items")[0];
        screen.Page.Url.ShouldEndWith("/visits/" + booking.GetProperty("id").GetString());
        booking.GetProperty("reason").GetString().ShouldBe("Sleeps badly since spring");

        // The form that the browser still has is the same booking.
        await screen.Page.GoBackAsync();
        await screen.Page.Locator("main .button").ClickAsync();
        screen.Page.Url.ShouldEndWith("/visits/" + booking.GetProperty("id").GetString());
        (await Bookings(patient)).ShouldBe(1);
        // The page that asks a visitor to sign in is a 401.
        screen.Complaints.ShouldAllBe(complaint => complaint.Contains(" 401 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_time_that_was_taken_meanwhile_shows_the_week_again_with_what_was_typed()
    {
        var doctor = await Server.Doctor();
        var slots = new[] { await doctor.Slot(), await doctor.Slot(1), await doctor.Slot(2) };
        var (patient, other) = (await Person.SignUp(Server), await Server.User("patient"));
        await using var screen = await SignedIn(patient, $"/doctors/{doctor.Id}");
        await screen.Page.Locator(".week button.slot").First.ClickAsync();
        await screen.Page.Locator("#reason").FillAsync("A rash on both hands");
        // The hold ends, and somebody else is faster.
        (await patient.Http.Delete($"/api/slots/{slots[0]}/hold")).Is(204);
        (await other.Book(slots[0])).Is(201);
        var answer = await screen.Page.RunAndWaitForResponseAsync(
            () => screen.Page.Locator("main .button").ClickAsync(), r => r.Request.Method == "POST");
        answer.Status.ShouldBe(409);
        (await screen.Page.TitleAsync()).ShouldStartWith("Error: ");
        (await screen.Page.EvaluateAsync<string>("document.activeElement.id")).ShouldBe("problem");
        await Looks(screen, "taken", scripts: true);
        await screen.Page.Locator("#problem button.slot").First.ClickAsync();
        (await screen.Page.Locator("#reason").InputValueAsync()).ShouldBe("A rash on both hands");
        screen.Page.Url.ShouldNotContain("rash");
        await screen.Page.Locator("main .button").ClickAsync();
        var booked = (await patient.Http.Get("/api/bookings")).Is(200).Body.GetProperty("items")[0];
        booked.GetProperty("slot_id").GetGuid().ShouldBeOneOf(slots[1], slots[2]);
    }

    [Fact]
    public async Task A_form_that_is_sent_after_the_sign_out_comes_back_filled_in_and_is_not_sent_by_itself()
    {
        var doctor = await Server.Doctor();
        await doctor.Slot();
        var patient = await Person.SignUp(Server);
        await using var screen = await SignedIn(patient, $"/doctors/{doctor.Id}");
        await screen.Page.Locator(".week button.slot").First.ClickAsync();
        await screen.Page.Locator("#reason").FillAsync("Headache after \"screens\" <all day>");
        await Server.Owner.Statement("update identity.sessions set ended_at = now() where user_id = $1")
            .With(patient.Id).Execute();
        await screen.Page.Locator("main .button").ClickAsync();
        await screen.Fill(patient.Email, Person.Password);
        (await screen.Page.Locator("#reason").InputValueAsync()).ShouldBe("Headache after \"screens\" <all day>");
        await patient.SignIn();
        (await Bookings(patient)).ShouldBe(0);
        await screen.Page.Locator("main .button").ClickAsync();
        (await Bookings(patient)).ShouldBe(1);
    }

    [Theory]
    [InlineData(390, ColorScheme.Dark)]
    [InlineData(1280, ColorScheme.Light)]
    public async Task A_patient_moves_and_cancels_a_visit(int width, ColorScheme light)
    {
        var doctor = await Server.Doctor();
        var (first, second) = (await doctor.Slot(), await doctor.Slot(3));
        var patient = await Person.SignUp(Server);
        (await patient.Http.Post("/api/bookings", new { slot_id = first })).Is(201);
        await using var screen = await SignedIn(patient, "/visits", width, light);
        await Looks(screen, $"visits-{light}-{width}", scripts: true);
        await screen.Page.Locator(".visit a").ClickAsync();
        await screen.Page.Locator("main .acts a").First.ClickAsync();
        await Looks(screen, $"move-{light}-{width}", scripts: true);
        await screen.Page.Locator(".week button.slot").First.ClickAsync();
        var moved = (await patient.Http.Get("/api/bookings")).Is(200).Body.GetProperty("items")[0];
        moved.GetProperty("slot_id").GetGuid().ShouldBe(second);
        await screen.Page.Locator("main .acts a").Last.ClickAsync();
        await Looks(screen, $"cancel-{light}-{width}", scripts: true);
        await screen.Page.Locator("#reason").FillAsync("Better again");
        await screen.Page.Locator("main button").ClickAsync();
        await Looks(screen, $"cancelled-{light}-{width}", scripts: true);
        (await patient.Http.Get("/api/bookings")).Body.GetProperty("items")[0].GetProperty("status").GetString()
            .ShouldBe("cancelled");
    }

    [Fact]
    public async Task Another_patients_visit_is_not_found()
    {
        var doctor = await Server.Doctor();
        var booking = (await (await Server.User("patient")).Book(await doctor.Slot())).Is(201).Id;
        await using var screen = await SignedIn(await Person.SignUp(Server), "/visits");
        foreach (var path in new[] { "", "/cancellation", "/calendar.ics" })
            (await screen.Page.GotoAsync($"/visits/{booking}{path}"))!.Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_new_patient_signs_up_and_comes_back_to_the_doctor()
    {
        var doctor = await Server.Doctor();
        await doctor.Slot();
        await using var screen = await browser.Open(Server.Address, 390);
        await screen.Page.GotoAsync($"/doctors/{doctor.Id}");
        await screen.Page.Locator(".masthead .aside").ClickAsync();
        await screen.Page.GetByRole(AriaRole.Link, new() { Name = "Create an account" }).ClickAsync();
        await screen.Page.Locator("#email").FillAsync(Guid.CreateVersion7() + "@example.org");
        await screen.Page.Locator("#full_name").FillAsync("Asha Rao");
        await screen.Page.Locator("#password").FillAsync("1234");
        await screen.Page.Locator("main button").ClickAsync();
        (await screen.Page.TitleAsync()).ShouldStartWith("Error: ");
        (await screen.Page.Locator("#full_name").InputValueAsync()).ShouldBe("Asha Rao");
        await Looks(screen, "sign-up-refused", scripts: true);
        await screen.Page.Locator("#password").FillAsync("mango tree by the well");
        await screen.Page.Locator("main button").ClickAsync();
        new Uri(screen.Page.Url).AbsolutePath.ShouldBe($"/doctors/{doctor.Id}");
        (await screen.Page.Locator(".masthead form").CountAsync()).ShouldBe(1);
    }

    async Task<Screen> SignedIn(Person patient, string path, int width = 390, ColorScheme light = ColorScheme.Light)
    {
        var screen = await browser.Open(Server.Address, width, light);
        await screen.Page.GotoAsync("/sign-in?returnUrl=" + Uri.EscapeDataString(path));
        await screen.Fill(patient.Email, Person.Password);
        new Uri(screen.Page.Url).AbsolutePath.ShouldBe(path);
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

    static async Task<int> Bookings(Person patient) =>
        (await patient.Http.Get("/api/bookings")).Is(200).Body.GetProperty("items").GetArrayLength();

    static async Task<int> Holds(Person patient) =>
        (await patient.Http.Get("/api/me/holds")).Is(200).Body.GetProperty("items").GetArrayLength();
}

using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Portal.SignIn;

/// <summary>The pages behind the links in letters, opened in a browser as a person does.</summary>
[Collection(Browser.OneAtATime)]
public sealed class EmailLinkPageTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>
{
    const string NewPassword = "brass kettle on the stove";

    TestServer Server => fixture.Server;

    [Fact]
    public async Task An_address_is_confirmed_by_the_form_and_not_by_opening_the_link()
    {
        var person = await Person.SignUp(Server);
        var link = await Mailbox.Link(person.Email, "Confirm your e-mail address");
        for (var guard = 0; guard < 3; guard++) (await Server.Anonymous().Get(link)).Is(200);
        (await person.Http.Get("/api/me"))["email_verified"].ShouldBe("False");
        await using var screen = await Open(link);
        (await screen.Page.Locator("main").InnerTextAsync()).ShouldContain(person.Email);
        await Send(screen);
        (await Heading(screen)).ShouldBe("Your address is confirmed");
        (await person.Http.Get("/api/me"))["email_verified"].ShouldBe("True");
        await screen.Page.ReloadAsync();
        (await Heading(screen)).ShouldBe("Your address is confirmed");
        screen.Complaints.ShouldBeEmpty();
        (await Server.Anonymous().Get(link)).Is(404);
    }

    [Fact]
    public async Task A_weak_password_is_refused_and_the_link_still_takes_a_better_one()
    {
        var person = await Person.SignUp(Server);
        await using var screen = await Open("/sign-in");
        await screen.Page.GetByText("Forgot your password?").ClickAsync();
        await screen.Page.Locator("#email").FillAsync(person.Email);
        await Send(screen);
        await screen.Page.GetByRole(AriaRole.Status).WaitForAsync();
        await screen.Page.GotoAsync(await Mailbox.Link(person.Email, "Choose a new password"));
        await screen.Page.Locator("#password").FillAsync("password1");
        await Send(screen);
        (await screen.Page.GetByRole(AriaRole.Alert).InnerTextAsync()).ShouldContain("most common");
        (await screen.Page.Locator("#password").GetAttributeAsync("aria-invalid")).ShouldBe("true");
        await screen.Page.Locator("#password").FillAsync(NewPassword);
        await Send(screen);
        (await Heading(screen)).ShouldBe("Your password is changed");
        (await person.TryToSignIn()).Is(401);
        (await person.TryToSignIn(NewPassword)).Is(200);
        (await person.Http.Get("/api/me")).Is(401);
    }

    [Fact]
    public async Task A_new_address_is_confirmed()
    {
        var person = await Person.SignUp(Server);
        var wanted = "new-" + person.Email;
        (await person.Http.Post("/api/me/email", new { email = wanted, password = Person.Password })).Is(202);
        await using var screen = await Open(await Mailbox.Link(wanted, "Confirm your new e-mail address"));
        (await screen.Page.Locator("main").InnerTextAsync()).ShouldContain(wanted);
        await Send(screen);
        (await Heading(screen)).ShouldBe("Your address is changed");
        person.Use((await Server.Anonymous().Post("/api/auth/login",
            new { email = wanted, password = Person.Password })).Is(200));
        (await person.Http.Get("/api/me"))["email"].ShouldBe(wanted);
    }

    [Fact]
    public async Task An_invitation_is_taken()
    {
        var admin = await Server.User("admin");
        var email = Guid.CreateVersion7().ToString("N") + "@example.org";
        (await admin.Http.Post("/api/admin/invitations", new { email, role = "doctor" })).Is(201);
        await using var screen = await Open(await Mailbox.Link(email, "You are invited to Amrutam"));
        await screen.Page.Locator("#full_name").FillAsync("Meera Nair");
        await screen.Page.Locator("#password").FillAsync(NewPassword);
        await Send(screen);
        (await Heading(screen)).ShouldBe("Your account is open");
        await screen.Page.GetByText("Sign in to the clinic").ClickAsync();
        (await Server.Anonymous().Post("/api/auth/login", new { email, password = NewPassword })).Is(200);
    }

    [Fact]
    public async Task The_code_alone_serves_like_the_link()
    {
        var person = await Person.SignUp(Server);
        var token = await Mailbox.Token(person.Email, "Confirm your e-mail address");
        await using var screen = await Open("/account/verify-email");
        await screen.Page.Locator("#token").FillAsync(" " + token + " ");
        await Send(screen);
        await Send(screen);
        (await person.Http.Get("/api/me"))["email_verified"].ShouldBe("True");
    }

    [Theory]
    [InlineData("/account/verify-email")]
    [InlineData("/account/change-email")]
    [InlineData("/account/reset-password")]
    [InlineData("/account/accept-invitation")]
    public async Task A_link_that_is_over_says_what_to_do_and_a_form_without_its_token_does_nothing(string page)
    {
        var over = await Server.Anonymous().Get(page + "?token=" + new string('A', 43));
        over.Is(404).Text.ShouldContain("This link is used, too old or not whole.");
        var forged = await Server.Anonymous().Send(HttpMethod.Post, page, new FormUrlEncodedContent(
            [new("token", new string('A', 43)), new("password", NewPassword)]));
        forged.Status.ShouldBe(400);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Dark, "en-IN")]
    [InlineData(360, ColorScheme.Light, "hi-IN")]
    public async Task They_are_readable_in_any_light_language_and_width(int width, ColorScheme light, string language)
    {
        var person = await Person.SignUp(Server);
        await Server.Anonymous().Post("/api/auth/password-reset", new { email = person.Email });
        var admin = await Server.User("admin");
        var invited = Guid.CreateVersion7().ToString("N") + "@example.org";
        await admin.Http.Post("/api/admin/invitations", new { email = invited, role = "admin" });
        await using var screen = await browser.Open(Server.Address, width, light, language);
        foreach (var (name, path) in new[]
        {
            ("verify", await Mailbox.Link(person.Email, "Confirm your e-mail address")),
            ("reset", await Mailbox.Link(person.Email, "Choose a new password")),
            ("invitation", await Mailbox.Link(invited, "You are invited to Amrutam")),
            ("code", "/account/verify-email"), ("over", "/account/reset-password?token=gone"),
            ("forgot", "/account/forgot-password"), ("sent", "/account/forgot-password?sent=true"),
            ("done", "/account/done?what=accept-invitation"),
        })
        {
            await screen.Page.GotoAsync(path);
            await screen.Picture($"link-{name}-{light}-{width}-{language}");
            (await screen.Page.Locator("h1").CountAsync()).ShouldBe(1);
            (await screen.Page.Locator("script").CountAsync()).ShouldBe(0);
            (await screen.Overflow()).ShouldBe(0, path);
            (await screen.Violations()).ShouldBeEmpty(path);
        }
    }

    [Fact]
    public async Task Password_fields_are_masked_and_welcome_managers_and_paste()
    {
        var person = await Person.SignUp(Server);
        await Server.Anonymous().Post("/api/auth/password-reset", new { email = person.Email });
        foreach (var (path, managers) in new[]
        {
            ("/sign-in", "current-password"),
            (await Mailbox.Link(person.Email, "Choose a new password"), "new-password"),
        })
        {
            await using var screen = await Open(path);
            var field = screen.Page.Locator("#password");
            (await field.GetAttributeAsync("type")).ShouldBe("password");
            (await field.GetAttributeAsync("autocomplete")).ShouldBe(managers);
            (await field.GetAttributeAsync("maxlength")).ShouldBeNull("a cut paste is another password");
            (await screen.Page.Locator("#email").GetAttributeAsync("autocomplete")).ShouldBe("username");
        }
    }

    [Fact]
    public async Task The_language_can_be_changed_on_the_way_without_losing_the_link()
    {
        var person = await Person.SignUp(Server);
        await using var screen = await Open(await Mailbox.Link(person.Email, "Confirm your e-mail address"));
        await screen.Page.GetByRole(AriaRole.Button, new() { Name = "हिन्दी" }).ClickAsync();
        (await Heading(screen)).ShouldBe("अपने पते की पुष्टि करें");
        await Send(screen);
        (await person.Http.Get("/api/me"))["email_verified"].ShouldBe("True");
    }

    Task<Screen> Open(string path) => Open(browser.Open(Server.Address), path);

    static async Task<Screen> Open(Task<Screen> opening, string path)
    {
        var screen = await opening;
        await screen.Page.GotoAsync(path);
        return screen;
    }

    static async Task Send(Screen screen)
    {
        await screen.Page.Locator("main button").ClickAsync();
        await screen.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
    }

    static Task<string> Heading(Screen screen) => screen.Page.Locator("h1").InnerTextAsync();
}

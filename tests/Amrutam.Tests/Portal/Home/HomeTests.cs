using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Portal.Home;

/// <summary>The page at <c>/</c>, and the pages of a signed-in person whose role has none.</summary>
[Collection(Browser.OneAtATime)]
public sealed class HomeTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>
{
    [Theory]
    [InlineData(390, ColorScheme.Light, "en-IN")]
    [InlineData(390, ColorScheme.Dark, "hi-IN")]
    [InlineData(768, ColorScheme.Light, "hi-IN")]
    [InlineData(1280, ColorScheme.Dark, "en-IN")]
    public async Task A_visitor_reads_what_this_is_and_every_link_leads_somewhere(int width, ColorScheme light,
        string language)
    {
        await using var screen = await browser.Open(fixture.Server.Address, width, light, language);
        (await screen.Page.GotoAsync("/"))!.Status.ShouldBe(200);
        new Uri(screen.Page.Url).AbsolutePath.ShouldBe("/");
        await screen.Picture($"home-{light}-{width}-{language}");
        (await screen.Page.Locator("h1").CountAsync()).ShouldBe(1);
        (await screen.Overflow()).ShouldBe(0);
        (await screen.Violations()).ShouldBeEmpty();
        screen.Complaints.ShouldBeEmpty();
        var links = await screen.Page.Locator("main a").EvaluateAllAsync<string[]>("links => links.map(a => a.href)");
        links.Select(link => new Uri(link).AbsolutePath).ShouldBe(["/doctors", "/sign-in", "/api-docs/", "/health"]);
        foreach (var link in links) (await screen.Page.APIRequest.GetAsync(link)).Status.ShouldBe(200, link);
    }

    [Theory]
    [InlineData("staff", 390, ColorScheme.Dark, "hi-IN")]
    [InlineData("staff", 1280, ColorScheme.Light, "en-IN")]
    public async Task A_page_of_another_role_shows_who_is_signed_in_and_the_way_out(string role, int width,
        ColorScheme light, string language)
    {
        // The fixture of the browser signs in at the page of another role, which is then refused with a way out.
        await using var screen = await browser.SignedIn(fixture.Server, role, width, light, language);
        await screen.Page.GetByRole(AriaRole.Alert).WaitForAsync();
        await Shows(screen, $"account-refused-{role}");
        await screen.Page.Locator("main button").ClickAsync();
        await screen.Page.Locator("#email").WaitForAsync();
        (await screen.Page.Context.CookiesAsync()).Select(cookie => cookie.Name).ShouldNotContain("amrutam");
    }

    [Theory]
    [InlineData("admin", "/admin")]
    [InlineData("patient", "/doctors")]
    [InlineData("doctor", "/day")]
    public async Task A_role_with_pages_goes_to_its_first_page(string role, string first)
    {
        await using var screen = await browser.SignedIn(fixture.Server, role);
        foreach (var address in new[] { "/", "/sign-in" })
        {
            (await screen.Page.GotoAsync(address))!.Status.ShouldBe(200);
            if (address == "/sign-in") await screen.Page.Locator("main a").ClickAsync();
            new Uri(screen.Page.Url).AbsolutePath.ShouldBe(first);
        }
    }

    static async Task Shows(Screen screen, string picture)
    {
        await screen.Picture(picture);
        (await screen.Page.Locator("h1").InnerTextAsync()).ShouldContain("@example.org");
        (await screen.Overflow()).ShouldBe(0);
        (await screen.Violations()).ShouldBeEmpty();
    }
}

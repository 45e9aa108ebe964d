using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Portal.Dashboard;

/// <summary>The dashboard of a clinic in which nothing was booked yet.</summary>
[Collection(Browser.OneAtATime)]
public sealed class EmptyClinicTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>
{
    [Theory]
    [InlineData(1280, ColorScheme.Light, "en-IN")]
    [InlineData(390, ColorScheme.Dark, "hi-IN")]
    public async Task It_shows_first_steps_and_no_grid_of_zeros(int width, ColorScheme light, string language)
    {
        await using var screen = await browser.SignedIn(fixture.Server, "admin", width, light, language);
        await screen.Picture($"dashboard-empty-{light}-{width}-{language}");
        (await screen.Page.Locator(".steps li").CountAsync()).ShouldBe(4);
        foreach (var grid in new[] { ".tiles", ".chart", ".heatmap", ".bars" })
            (await screen.Page.Locator(grid).CountAsync()).ShouldBe(0, grid);
        (await screen.Overflow()).ShouldBe(0);
        (await screen.Violations()).ShouldBeEmpty();
        screen.Complaints.ShouldBeEmpty();
    }
}

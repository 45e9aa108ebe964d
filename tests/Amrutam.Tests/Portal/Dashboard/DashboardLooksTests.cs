using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;

namespace Amrutam.Tests.Portal.Dashboard;

/// <summary>The dashboard of a clinic that has been open for two months.</summary>
[Collection(Browser.OneAtATime)]
public sealed class DashboardLooksTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>,
    IAsyncLifetime
{
    static readonly SemaphoreSlim Once = new(1);
    static bool _written;

    public async ValueTask InitializeAsync()
    {
        await Once.WaitAsync();
        try
        {
            if (!_written) await History.Write(fixture.Server);
            _written = true;
        }
        finally
        {
            Once.Release();
        }
    }

    public ValueTask DisposeAsync() => default;

    [Theory]
    [InlineData(1280, ColorScheme.Light, "en-IN", 28)]
    [InlineData(1280, ColorScheme.Dark, "en-IN", 90)]
    [InlineData(360, ColorScheme.Light, "hi-IN", 28)]
    [InlineData(360, ColorScheme.Dark, "en-IN", 7)]
    public async Task It_is_readable_in_any_light_language_and_width(int width, ColorScheme light, string language,
        int days)
    {
        await using var screen = await browser.SignedIn(fixture.Server, "admin", width, light, language);
        await screen.Page.GotoAsync("/admin?days=" + days);
        (await screen.Page.Locator(".chart title").CountAsync()).ShouldBe(days);
        await screen.Picture($"dashboard-{light}-{width}-{language}");
        (await screen.Overflow()).ShouldBe(0);
        (await screen.Violations()).ShouldBeEmpty();
        screen.Complaints.ShouldBeEmpty();
    }
}

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
    // A line of tiles or cards that ends before the board does, and a heat map of which a part is out of sight.
    const string Holes = """
        () => {
          const wrong = [], board = document.querySelector('.board').getBoundingClientRect();
          const lines = new Map();
          for (const card of document.querySelectorAll('.tile, .board > :not(.tiles)')) {
            const box = card.getBoundingClientRect(), line = Math.round(box.top);
            lines.set(line, Math.max(lines.get(line) ?? 0, box.right));
          }
          for (const [line, right] of lines)
            if (board.right - right > 2) wrong.push(`a line at ${line} ends at ${right} of ${board.right}`);
          const map = document.querySelector('.heatmap').parentElement;
          if (map.scrollWidth > map.clientWidth)
            wrong.push(`the heat map is ${map.scrollWidth} wide in ${map.clientWidth}`);
          return wrong;
        }
        """;

    // Series that have one pattern, and a pattern's ink that does not stand out 3:1 from the card.
    const string Alike = """
        () => {
          const wrong = [], seen = new Set();
          const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const luminance = color => {
            canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
              .map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
            return .2126 * r + .7152 * g + .0722 * b;
          };
          const card = luminance(getComputedStyle(document.querySelector('.board > :not(.tiles)')).backgroundColor);
          for (const pattern of document.querySelectorAll('pattern')) {
            const mark = pattern.querySelector('path')?.getAttribute('d') ?? 'solid';
            if (seen.has(mark)) wrong.push(`${pattern.id} looks like another`);
            seen.add(mark);
            const style = getComputedStyle(pattern.querySelector('path') ?? pattern.querySelector('rect'));
            const ink = luminance(mark === 'solid' ? style.fill : style.stroke);
            const ratio = (Math.max(ink, card) + .05) / (Math.min(ink, card) + .05);
            if (ratio < 3) wrong.push(`${pattern.id} stands out ${ratio}:1`);
          }
          if (seen.size < 5) wrong.push(`there are ${seen.size} patterns`);
          return wrong;
        }
        """;

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
    [InlineData(1280, ColorScheme.Dark, "hi-IN", 90)]
    [InlineData(768, ColorScheme.Light, "hi-IN", 28)]
    [InlineData(768, ColorScheme.Dark, "en-IN", 90)]
    [InlineData(390, ColorScheme.Light, "hi-IN", 90)]
    [InlineData(390, ColorScheme.Dark, "en-IN", 7)]
    [InlineData(360, ColorScheme.Light, "en-IN", 28)]
    public async Task It_is_readable_in_any_light_language_and_width(int width, ColorScheme light, string language,
        int days)
    {
        await using var screen = await browser.SignedIn(fixture.Server, "admin", width, light, language);
        await screen.Page.GotoAsync("/admin?days=" + days);
        (await screen.Page.Locator(".chart title").CountAsync()).ShouldBe(days);
        await screen.Picture($"dashboard-{light}-{width}-{language}");
        (await screen.Overflow()).ShouldBe(0);
        (await screen.Page.EvaluateAsync<string[]>(Holes)).ShouldBeEmpty();
        (await screen.Page.EvaluateAsync<string[]>(Alike)).ShouldBeEmpty();
        (await screen.Violations()).ShouldBeEmpty();
        screen.Complaints.ShouldBeEmpty();
    }
}

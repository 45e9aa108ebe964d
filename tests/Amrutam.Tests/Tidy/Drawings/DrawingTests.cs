using System.Security.Cryptography;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Playwright;
using Npgsql;

namespace Amrutam.Tests.Tidy.Drawings;

/// <summary>The drawings of docs/, drawn by <c>./x docs</c>: as SVG, and as pictures that open anywhere.</summary>
[Collection(Browser.OneAtATime), Trait("Approves", "diagrams")]
public sealed class DrawingTests(TestCluster cluster, Browser browser)
{
    const string Drawn = "docs/images/drawn.txt";

    /// <summary>Texts that lie on another text or leave the picture.</summary>
    const string Unreadable = """
        () => {
          const wrong = [], texts = [...document.querySelectorAll('svg text')];
          const boxes = texts.map(text => text.getBoundingClientRect());
          boxes.forEach((a, i) => {
            if (a.left < 0 || a.right > 1000 || parseFloat(getComputedStyle(texts[i]).fontSize) < 11)
              wrong.push(texts[i].textContent + ' leaves the picture or is small');
            for (let j = 0; j < i; j++) {
              const b = boxes[j];
              if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4)
                wrong.push(texts[i].textContent + ' lies on ' + texts[j].textContent);
            }
          });
          return wrong;
        }
        """;

    [Fact]
    public async Task Each_drawing_shows_what_is_there_and_can_be_read_at_a_thousand_pixels()
    {
        await using var database = NpgsqlDataSource.Create((await cluster.NewDatabase()).Owner);
        var drawings = new List<(string Svg, string Picture, string Text)>
        {
            ("docs/architecture.svg", "docs/architecture.pdf", ArchitectureDrawing.Draw()),
            ("docs/booking-flow.svg", "docs/booking-flow.png", BookingFlowDrawing.Draw()),
        };
        foreach (var (name, text) in await EntityDrawing.DrawAll(database))
        {
            var file = name == "core" ? "docs/er-diagram" : "docs/images/tables-" + name;
            drawings.Add((file + ".svg", file + ".png", text));
        }
        await using var screen = await browser.Open(new("about:blank"), Svg.Width);
        foreach (var (svg, picture, text) in drawings)
        {
            text.ShouldBeApproved(svg);
            await screen.Page.SetContentAsync("<style>body { margin: 0 } svg { display: block }</style>" + text);
            (await screen.Page.EvaluateAsync<string[]>(Unreadable)).ShouldBeEmpty(svg);
            if (Approved.IsApproving) await Take(screen.Page, Tree.Path(picture));
        }
        // A picture that was not taken from the drawing of today has another line here.
        string.Concat(drawings.Select(d => $"{Hash(d.Svg)} {Hash(d.Picture)} {d.Picture}\n")).ShouldBeApproved(Drawn);
    }

    static async Task Take(IPage page, string file)
    {
        var drawing = page.Locator("svg");
        if (!file.EndsWith(".pdf", StringComparison.Ordinal))
        {
            await drawing.ScreenshotAsync(new() { Path = file });
            return;
        }
        var box = await drawing.BoundingBoxAsync();
        await page.PdfAsync(new()
        {
            Path = file, Width = $"{box!.Width}px", Height = $"{box.Height + 1}px", PrintBackground = true,
        });
    }

    static string Hash(string file) =>
        Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Tree.Path(file))))[..16];
}

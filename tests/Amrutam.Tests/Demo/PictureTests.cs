using System.Text.RegularExpressions;
using Amrutam.Demo;
using Amrutam.Tests.Support;
using Amrutam.Tests.Tidy;
using Microsoft.Playwright;

namespace Amrutam.Tests.Demo;

/// <summary>The README's pictures: <c>./x docs</c> takes them from the demo.</summary>
[Collection(Browser.OneAtATime), Trait("Approves", "diagrams")]
public sealed partial class PictureTests(DemoFixture demo, Browser browser) : IClassFixture<DemoFixture>
{
    const int Width = 1280, Height = 1100;

    /// <summary>The pictures, and the page that each shows.</summary>
    static readonly Dictionary<string, string> Pages = new(StringComparer.Ordinal)
    {
        ["docs/images/dashboard.png"] = "/admin",
    };

    [Fact]
    public async Task Each_picture_of_the_README_is_taken_from_the_demo()
    {
        Picture().Matches(await File.ReadAllTextAsync(Tree.Path("README.md"))).Select(m => m.Groups[1].Value)
            .ShouldBe(Pages.Keys);
        await using var screen = await browser.Open(demo.Server.Address, Width);
        await screen.Page.GotoAsync("/sign-in");
        await screen.Fill(DemoClinic.AdminEmail, DemoClinic.Password);
        foreach (var (file, page) in Pages)
        {
            await screen.Page.GotoAsync(page);
            await ShowsAClinicAtWork(screen.Page);
            await screen.Picture("readme-" + Path.GetFileNameWithoutExtension(file));
            if (Approved.IsApproving)
                await screen.Page.ScreenshotAsync(new()
                {
                    Path = Tree.Path(file), FullPage = true, Clip = new() { Width = Width, Height = Height },
                });
        }
    }

    /// <summary>Numbers of a clinic that has been open for half a year: changes in per cent below a hundred, and no
    /// total without one.</summary>
    static async Task ShowsAClinicAtWork(IPage page)
    {
        var tiles = await page.Locator(".tile").AllInnerTextsAsync();
        tiles.Count.ShouldBe(4);
        foreach (var tile in tiles) Percent().Match(tile).Groups[1].Value.Length.ShouldBeLessThan(3, tile);
        foreach (var total in await page.Locator(".tile dd:first-of-type").AllInnerTextsAsync())
            total.ShouldNotBe("0");
        (await page.Locator(".health .act").CountAsync()).ShouldBe(2);
    }

    [GeneratedRegex(@"!\[[^\]]*\]\(([^)]+)\)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Picture();

    [GeneratedRegex(@"([\d,]+)%", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Percent();
}

using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Amrutam.Tests.Support;

[CollectionDefinition(Browser.OneAtATime)]
public sealed class OneBrowserAtATime : ICollectionFixture<Browser>;

/// <summary>Debian's headless chromium. All tests share one, because a browser is heavy.</summary>
public sealed class Browser : IAsyncLifetime
{
    public const string OneAtATime = "browser";
    const string Password = "neem and tulsi in the yard";
    static readonly string[] Places = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium",
        "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    // No sandbox, because tests may run as root, and no traffic to the browser's maker.
    static readonly string[] Arguments = [
        "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync",
        "--disable-component-update", "--disable-default-apps", "--no-first-run",
    ];

    IPlaywright _playwright = null!;
    IBrowser _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("CHROMIUM") ?? Places.First(File.Exists),
            Args = Arguments,
        });
    }

    internal async Task<Screen> Open(Uri address, int width = 1280, ColorScheme light = ColorScheme.Light,
        string language = "en-IN", bool scripts = true)
    {
        var context = await _browser.NewContextAsync(new()
        {
            BaseURL = address.ToString(), ColorScheme = light, Locale = language,
            JavaScriptEnabled = scripts, ViewportSize = new() { Width = width, Height = 900 }, DeviceScaleFactor = 1,
        });
        return new(await context.NewPageAsync());
    }

    /// <summary>Opens the dashboard as a person who has just signed in there.</summary>
    internal async Task<Screen> SignedIn(TestServer server, string role, int width = 1280,
        ColorScheme light = ColorScheme.Light, string language = "en-IN")
    {
        var email = $"{Guid.CreateVersion7()}@example.org";
        (await server.Anonymous().Post("/api/auth/signup", new { email, password = Password })).Is(201);
        await server.Owner.Statement("update identity.users set role = $2 where email = $1").With(email).With(role)
            .Execute();
        var screen = await Open(server.Address, width, light, language);
        await screen.Page.GotoAsync("/admin");
        await screen.Fill(email, Password);
        return screen;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}

/// <summary>A page in a context of its own, and the browser's complaints about it.</summary>
sealed class Screen : IAsyncDisposable
{
    public Screen(IPage page)
    {
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") Complaints.Add(message.Text);
        };
        page.PageError += (_, error) => Complaints.Add(error);
        page.RequestFailed += (_, request) =>
            Complaints.Add(request.Method + " " + request.Url + " " + request.Failure);
    }

    public IPage Page { get; }

    public List<string> Complaints { get; } = [];

    /// <summary>Closes the page. An open page would go on drawing.</summary>
    public async ValueTask DisposeAsync() => await Page.Context.DisposeAsync();

    /// <summary>Fills in and sends the sign-in page.</summary>
    public async Task Fill(string email, string password)
    {
        await Page.Locator("#email").FillAsync(email);
        await Page.Locator("#password").FillAsync(password);
        await Page.Locator("main button").ClickAsync();
        await Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
    }

    /// <summary>The serious and critical violations of accessibility, by axe-core.</summary>
    public async Task<string[]> Violations() =>
        [.. (await Page.RunAxe()).Violations.Where(v => v.Impact is "serious" or "critical")
            .Select(v => $"{v.Id}: {v.Help} ({string.Join(", ", v.Nodes.Take(3).Select(n => n.Html))})")];

    /// <summary>The width by which the page can be scrolled sideways, in pixels.</summary>
    public Task<int> Overflow() =>
        Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");

    /// <summary>Stores a picture of the page beside the results of the tests, if AMRUTAM_PICTURES is 1.</summary>
    /// <remarks>Drawing a whole page takes as long as the rest of its test.</remarks>
    public async Task Picture(string name)
    {
        if (Environment.GetEnvironmentVariable("AMRUTAM_PICTURES") is not "1") return;
        var folder = Directory.CreateDirectory(Path.Combine(Tidy.Tree.Root, "TestResults", "pictures"));
        await Page.ScreenshotAsync(new() { Path = Path.Combine(folder.FullName, name + ".png"), FullPage = true });
    }
}

using System.IO.Compression;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Portal.Finding;

/// <summary>The pages that a patient sees before signing in: their times and their weight.</summary>
[Collection(Browser.OneAtATime)]
public sealed class WeekTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>
{
    const int MaxBytes = 14 * 1024, MaxRequests = 5, MaxStyleBytes = 7 * 1024;

    TestServer Server => fixture.Server;

    [Theory]
    [InlineData("Asia/Kolkata", "Europe/London", "IST", "GMT", "12:30\u202fam", "6:00\u202fam")]
    [InlineData("Asia/Kathmandu", "Asia/Kolkata", "UTC+05:45", "IST", "6:00\u202fam", "6:15\u202fam")]
    [InlineData("America/Los_Angeles", "Pacific/Auckland", "PST", "NZDT", "1:30\u202fpm", "4:30\u202fpm")]
    public async Task Both_times_stand_on_the_button_where_they_differ(string doctors, string readers,
        string doctorsName, string readersName, string mine, string theirs)
    {
        var doctor = await Server.Doctor(doctors);
        await doctor.Slot(1);
        await using var screen = await browser.Open(Server.Address, 390);
        await screen.Page.GotoAsync("/zone?back=" + Uri.EscapeDataString($"/doctors/{doctor.Id}"));
        await screen.Page.Locator("#zone").SelectOptionAsync(readers);
        await screen.Page.Locator("main button").ClickAsync();
        new Uri(screen.Page.Url).AbsolutePath.ShouldBe($"/doctors/{doctor.Id}");
        var text = await screen.Page.Locator(".week button.slot").InnerTextAsync();
        text.ShouldContain(mine);
        text.ShouldContain(theirs);
        text.ShouldContain(doctorsName);
        (await screen.Page.Locator(".zone").InnerTextAsync()).ShouldContain(readersName);
    }

    [Theory]
    [InlineData("/doctors")]
    [InlineData("/doctors/{doctor}")]
    [InlineData("/sign-in")]
    public async Task A_page_of_patients_is_light(string path)
    {
        var doctor = await Server.Doctor();
        await doctor.Offer(Availability.Daily("09:00", "17:00"));
        var handler = new HttpClientHandler { AutomaticDecompression = System.Net.DecompressionMethods.None };
        using var client = new HttpClient(handler) { BaseAddress = Server.Address };
        client.DefaultRequestHeaders.Add("Accept-Encoding", "br, gzip");
        client.DefaultRequestHeaders.Add("Accept", "text/html");
        using var page = await client.GetAsync(path.Replace("{doctor}", $"{doctor.Id}", StringComparison.Ordinal));
        page.Content.Headers.ContentEncoding.ShouldBe(["br"]);
        var html = await page.Content.ReadAsByteArrayAsync();
        var total = html.Length;
        await using var opened = new BrotliStream(new MemoryStream(html), CompressionMode.Decompress);
        var text = await new StreamReader(opened).ReadToEndAsync();
        var files = text.Split('"').Where(part => part.StartsWith("/assets/", StringComparison.Ordinal)).Distinct()
            .ToList();
        var styles = 0;
        foreach (var file in files)
        {
            var bytes = (await client.GetByteArrayAsync(file)).Length;
            total += bytes;
            if (file.Contains(".css", StringComparison.Ordinal)) styles += bytes;
        }
        (files.Count + 1).ShouldBeLessThanOrEqualTo(MaxRequests);
        styles.ShouldBeLessThanOrEqualTo(MaxStyleBytes);
        total.ShouldBeLessThanOrEqualTo(MaxBytes);
    }
}

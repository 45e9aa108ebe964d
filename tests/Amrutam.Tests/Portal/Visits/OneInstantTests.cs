using System.Text;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using MimeKit;
using NodaTime;
using NodaTime.Text;
using static Amrutam.Tests.Support.Waiting;
using IcalCalendar = Ical.Net.Calendar;

namespace Amrutam.Tests.Portal.Visits;

/// <summary>A visit has one instant on the week's page, the confirmation, the calendar file and the message.</summary>
[Collection(Browser.OneAtATime)]
public sealed class OneInstantTests(ServerFixture fixture, Browser browser) : IClassFixture<ServerFixture>
{
    static readonly LocalTimePattern Clock = LocalTimePattern.CreateWithInvariantCulture("h:mm\u202ftt");

    TestServer Server => fixture.Server;

    // Tongatapu is at UTC+13 and Pitcairn at UTC-8 all year. Lord Howe changes its clocks by half an hour.
    [Theory]
    [InlineData("Pacific/Pitcairn", "Pacific/Tongatapu")]
    [InlineData("Asia/Kathmandu", "Australia/Lord_Howe")]
    public async Task A_visit_is_at_the_same_instant_everywhere(string doctors, string readers)
    {
        var doctor = await Server.Doctor(doctors);
        await doctor.Slot(1);
        var patient = await Person.SignUp(Server);
        await Server.Owner.Statement("update identity.users set email_confirmed = true where id = $1")
            .With(patient.Id).Execute();
        await using var screen = await browser.Open(Server.Address, 390);
        await screen.Page.GotoAsync("/zone?back=" + Uri.EscapeDataString("/sign-in?returnUrl=/doctors/" + doctor.Id));
        await screen.Page.Locator("#zone").SelectOptionAsync(readers);
        await screen.Page.Locator("main button").ClickAsync();
        await screen.Fill(patient.Email, Person.Password);
        var slot = screen.Page.Locator(".week button.slot").First;
        (await slot.GetAttributeAsync("value")).ShouldEndWith(InstantPattern.ExtendedIso.Format(Starts));
        await Says(slot.InnerTextAsync(), readers, doctors);
        await slot.ClickAsync();
        await Says(screen.Page.Locator(".summary").InnerTextAsync(), readers, doctors);
        await screen.Page.Locator("main .button").ClickAsync();
        await Says(screen.Page.Locator(".summary").InnerTextAsync(), readers, doctors);
        (await screen.Page.Locator(".summary time").GetAttributeAsync("datetime"))
            .ShouldBe(InstantPattern.General.Format(Starts));

        var link = screen.Page.Locator("main a[href$='.ics']");
        var download = await screen.Page.RunAndWaitForDownloadAsync(() => link.ClickAsync());
        download.SuggestedFilename.ShouldBe("visit.ics");
        Begins(await File.ReadAllTextAsync(await download.PathAsync())).ShouldBe(Starts);
        var letter = await First(() => Task.FromResult(Mailbox.All().FirstOrDefault(l => l.IsTo(patient.Email)
            && l.BodyParts.OfType<TextPart>().Any(IsCalendar))), l => l is not null);
        using var bytes = new MemoryStream();
        await letter!.BodyParts.OfType<TextPart>().Single(IsCalendar).Content!.DecodeToAsync(bytes);
        Begins(Encoding.UTF8.GetString(bytes.ToArray())).ShouldBe(Starts);
    }

    static Instant Starts => Calendar.Start + Duration.FromMinutes(30);

    static bool IsCalendar(TextPart part) => part.ContentType.IsMimeType("text", "calendar");

    static Instant Begins(string file) => Instant.FromDateTimeUtc(
        DateTime.SpecifyKind(IcalCalendar.Load(file)!.Events.Single().Start!.AsUtc, DateTimeKind.Utc));

    /// <summary>The text has the instant's time on both clocks.</summary>
    static async Task Says(Task<string> text, params string[] zones)
    {
        foreach (var zone in zones)
            (await text).ShouldContain(Clock.Format(Starts.InZone(DateTimeZoneProviders.Tzdb[zone]).TimeOfDay)
                .ToLowerInvariant());
    }
}

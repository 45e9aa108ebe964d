using System.Text;
using System.Text.Json;
using Amrutam.Notifications.Calendars;
using MimeKit;
using NodaTime;
using IcalCalendar = Ical.Net.Calendar;

namespace Amrutam.Tests.Notifications.Calendars;

/// <summary>The bytes of calendar files, and the names that an independent reader finds in them.</summary>
public sealed class VisitCalendarTests
{
    static readonly Instant Start = Instant.FromUtc(2030, 3, 1, 4, 30);

    static readonly VisitCalendar Calendar = new(new(new MailboxAddress("Amrutam", "care@example.org")));

    /// <summary>Names that try to leave their property, or that a careless fold breaks.</summary>
    public static TheoryData<string> HostileNames { get; } =
    [
        "Dr. Ananya; Sharma, MD (\"Ayur\") \\ back\\slash \\n",
        "Line\r\nATTENDEE:mailto:mallory@example.org\r\nEND:VEVENT",
        "Bare\rcarriage\nreturns\n",
        "Control\u0000\u0007\u001b[31m\u007f characters",
        "Separators\u2028in\u2029Unicode\u0085and\vtabs\tand\fmore",
        "\u202EtxetsdrawkcaB\u202C \u200Fשלום \u2067مرحبا\u2069",
        string.Concat(Enumerable.Repeat("👩‍👩‍👧‍👦🏳️‍🌈", 40)),
        string.Concat(Enumerable.Repeat("क्षत्रिय डॉ. अनन्या ", 60)),
        new string('x', 5000),
        "\ud83c alone and \udfff alone",
        "MAILTO:x:y;z=\"1\":2",
        "",
    ];

    static CalendarVisit Visit(string name, int revision = 0, bool active = true, string status = "confirmed") =>
        new(Guid.CreateVersion7(), Start, Start + Duration.FromMinutes(30), status, active, revision, Start, Start,
            name, name);

    [Theory]
    [MemberData(nameof(HostileNames))]
    public void A_hostile_name_adds_nothing_and_is_read_back(string name)
    {
        var visit = Visit(name);
        foreach (var file in new[] { Calendar.OfVisit(visit), Calendar.OfFeed([visit, visit]) })
        {
            CalendarBytes.Violations(file).ShouldBeEmpty();
            var read = IcalCalendar.Load(Encoding.UTF8.GetString(file))!.Events[0]!;
            read.Summary.ShouldBe("Visit with " + Shown(name));
            (read.Description ?? "").ShouldBe(Shown(name));
            read.Attendees.ShouldBeEmpty();
            read.Uid.ShouldBe(visit.Id.ToString());
        }
    }

    /// <summary>The sender's name comes from a setting and stands in a parameter, which has no escapes.</summary>
    [Theory]
    [MemberData(nameof(HostileNames))]
    public void A_hostile_sender_adds_nothing(string name)
    {
        var calendar = new VisitCalendar(new(new MailboxAddress(name, "\"care;x\"@example.org")));
        CalendarBytes.Violations(calendar.OfFeed([Visit("Ananya")])).ShouldBeEmpty();
    }

    /// <summary>The name as a calendar can carry it: one kind of line break, no control characters, whole
    /// characters.</summary>
    static string Shown(string name) => string.Concat(name.ReplaceLineEndings("\n").Replace('\v', '\n').EnumerateRunes()
        .Where(rune => rune.Value is '\n' or '\t' || !Rune.IsControl(rune)));

    [Fact]
    public void The_same_visit_gives_the_same_bytes()
    {
        var visit = Visit("Ananya");
        Calendar.OfVisit(visit).ShouldBe(Calendar.OfVisit(visit with { }));
        Calendar.OfVisit(visit with { Revision = 1 }).ShouldNotBe(Calendar.OfVisit(visit));
    }

    /// <summary>Writes samples for readers of others (./x calendars), each with what they must find, and files with one
    /// fault, which each reader must reject.</summary>
    [Fact(Explicit = true)]
    public async Task Samples_for_other_readers_are_written()
    {
        var folder = Environment.GetEnvironmentVariable("AMRUTAM_CALENDARS").ShouldNotBeNull();
        Directory.CreateDirectory(folder);
        foreach (var (n, row) in HostileNames.Where(row => row.Data.Length > 0).Index())
        {
            var visit = Visit(row.Data, revision: n, active: n % 2 == 0);
            await Write($"name-{n}", visit, Calendar.OfVisit(visit));
            await Write($"feed-{n}", visit, Calendar.OfFeed([visit]));
        }
        var plain = Visit("Ananya; Sharma");
        var text = Encoding.UTF8.GetString(Calendar.OfVisit(plain));
        foreach (var (fault, broken) in new[]
        {
            ("no-uid", text.Replace($"UID:{plain.Id}\r\n", "")),
            ("attendee", text.Replace("Ananya\\;", "Ananya\r\nATTENDEE:mailto:mallory@example.org\r\nATTENDEE:")),
            ("no-stamp", text.Replace("DTSTAMP:20300301T043000Z\r\n", "").Replace("\r\nUID:", "\r\nUID:x")),
            ("no-organizer-nor-start", string.Join("\r\n", text.Split("\r\n")
                .Where(line => !line.StartsWith("ORGANIZER", StringComparison.Ordinal)
                    && !line.StartsWith("DTSTART", StringComparison.Ordinal)))),
        })
            await Write("fault-" + fault, plain, Encoding.UTF8.GetBytes(broken));

        async Task Write(string name, CalendarVisit visit, byte[] file)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, name + ".ics"), file);
            await File.WriteAllTextAsync(Path.Combine(folder, name + ".json"), JsonSerializer.Serialize(new[]
            {
                new
                {
                    uid = visit.Id.ToString(), sequence = visit.Revision,
                    summary = "Visit with " + Shown(visit.Doctor!), description = Shown(visit.Doctor!),
                    status = visit.Active ? "CONFIRMED" : "CANCELLED", method = "PUBLISH",
                    start = Milliseconds(visit.StartsAt), end = Milliseconds(visit.EndsAt),
                    attendees = 0,
                },
            }));
        }

        static string Milliseconds(Instant at) => at.ToDateTimeUtc().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'",
            System.Globalization.CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData("requested", true, "TENTATIVE")]
    [InlineData("confirmed", true, "CONFIRMED")]
    [InlineData("completed", true, "CONFIRMED")]
    [InlineData("cancelled", false, "CANCELLED")]
    [InlineData("expired", false, "CANCELLED")]
    [InlineData("moved", false, "CANCELLED")]
    public void The_status_says_whether_the_visit_takes_place(string status, bool active, string written) =>
        IcalCalendar.Load(Encoding.UTF8.GetString(Calendar.OfVisit(Visit("Ananya", status: status, active: active))))!
            .Events[0]!.Status.ShouldBe(written);

    [Theory]
    [InlineData("a bare line feed", "SUMMARY:one\ntwo\r\n")]
    [InlineData("a bare carriage return", "SUMMARY:one\rtwo\r\n")]
    [InlineData("a long line", "SUMMARY:0123456789012345678901234567890123456789012345678901234567890123456789\r\n")]
    [InlineData("no line end", "SUMMARY:one")]
    [InlineData("an empty line", "SUMMARY:one\r\n\r\n")]
    [InlineData("a control character", "SUMMARY:one\u0007\r\n")]
    [InlineData("an added property", "SUMMARY:one\r\nATTENDEE:mailto:x@example.org\r\n")]
    public void The_judge_of_bytes_finds(string fault, string text) =>
        CalendarBytes.Violations(Encoding.UTF8.GetBytes(text)).ShouldNotBeEmpty(fault);

    [Fact]
    public void The_judge_of_bytes_finds_a_split_character()
    {
        byte[] split = [.. "SUMMARY:"u8, 0xE0, 0xA4, .. "\r\n "u8, 0x95, .. "\r\n"u8];
        CalendarBytes.Violations(split).ShouldNotBeEmpty();
    }
}

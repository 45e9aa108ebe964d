using System.Text.RegularExpressions;
using Amrutam.Notifications.Calendars;
using Amrutam.Notifications.Messages;
using Amrutam.Notifications.Preferences;
using Amrutam.Tests.Tidy;
using NodaTime;

namespace Amrutam.Tests.Notifications.Messages;

/// <summary>The reviewed texts of messages.</summary>
public sealed partial class MessageTextsTests
{
    static readonly Instant Start = Instant.FromUtc(2030, 3, 7, 4, 30);
    static readonly DateTimeZone India = DateTimeZoneProviders.Tzdb["Asia/Kolkata"];

    public static TheoryData<string, string> All { get; } = [.. MessagePreferences.Languages
        .SelectMany(language => MessageKind.All, (language, kind) => (language, kind))];

    static VisitNews News(string language, string doctor = "Ananya Sharma", DateTimeZone? zone = null,
        bool byPatient = false) => new(new CalendarVisit(Guid.CreateVersion7(), Start, Start, "confirmed", true, 0,
            Start, Start, doctor, "Panchakarma"), language, zone ?? India, India, byPatient);

    [Theory]
    [MemberData(nameof(All))]
    public void A_message_names_doctor_and_time_and_its_subject_names_nobody(string language, string kind)
    {
        foreach (var byPatient in new[] { false, true })
        {
            var (subject, text) = new MessageTexts().Write(kind, News(language, byPatient: byPatient));
            subject.ShouldNotBeEmpty();
            subject.ShouldNotContain("Ananya");
            text.ShouldContain("Ananya Sharma");
            text.ShouldContain("10:00 (Asia/Kolkata)");
            (subject + text).ShouldNotContain("Panchakarma");
            (subject + text).ShouldNotContain("{");
            subject.ShouldNotContain("\n");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_name_adds_no_line_and_no_word_of_the_program(string language, string kind)
    {
        var (subject, text) = new MessageTexts().Write(kind,
            News(language, "{times}\r\nBcc: mallory@example.org\n\n{day}"));
        subject.ShouldNotContain("Bcc");
        text.ShouldContain("{times} Bcc: mallory@example.org {day}");
    }

    [Fact]
    public void Days_and_times_are_in_the_language_of_the_reader()
    {
        new MessageTexts().Write(MessageKind.Booked, News("en")).Text.ShouldContain("Thursday, 7 March 2030, 10:00");
        new MessageTexts().Write(MessageKind.Booked, News("hi")).Text.ShouldContain("गुरुवार, 7 मार्च 2030, 10:00");
    }

    [Fact]
    public void The_doctors_time_is_added_where_it_differs()
    {
        var text = new MessageTexts().Write(MessageKind.Booked,
            News("en", zone: DateTimeZoneProviders.Tzdb["Europe/Berlin"])).Text;
        text.ShouldContain("Thursday, 7 March 2030, 05:30 (Europe/Berlin)\nAt the doctor's: Thursday, 7 March 2030, "
            + "10:00 (Asia/Kolkata)");
    }

    [Fact]
    public void Every_language_has_every_section_with_the_same_words_of_the_program()
    {
        var files = MessagePreferences.Languages.Select(language => Sections().Matches(
            File.ReadAllText(Tree.Path($"src/Amrutam/Notifications/Messages/Texts/{language}.txt"))
                .ReplaceLineEndings("\n"))
            .ToDictionary(m => m.Groups[1].Value, m => string.Join(' ', Words().Matches(m.Groups[2].Value)
                .Select(word => word.Value).Order(StringComparer.Ordinal)), StringComparer.Ordinal)).ToList();
        files.ShouldAllBe(file => file.Keys.Order(StringComparer.Ordinal)
            .SequenceEqual(MessageTexts.Sections.Order(StringComparer.Ordinal)));
        foreach (var section in MessageTexts.Sections)
            files.Select(file => file[section]).Distinct().Count().ShouldBe(1, section);
    }

    [GeneratedRegex(@"^\[(\w+)\]\n((?:(?!^\[).*\n?)*)", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sections();

    [GeneratedRegex(@"\{\w+\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Words();
}

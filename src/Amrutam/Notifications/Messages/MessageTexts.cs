using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Amrutam.Notifications.Preferences;
using NodaTime.Text;

namespace Amrutam.Notifications.Messages;

/// <summary>Writes the text of a message from the reviewed file of its language
/// (<c>Messages/Texts/*.txt</c>).</summary>
/// <remarks>
/// A file has a section for each kind: its first line is the subject, which has no names, because a locked phone shows
/// it. A line that begins with <c>#</c> is for translators. The words in braces are the program's: {doctor}, {day} and
/// {times}.
/// </remarks>
sealed class MessageTexts
{
    const string CancelledByPatient = "cancelled_by_patient", DoctorsTime = "doctors_time";

    /// <summary>The sections of every file.</summary>
    public static readonly string[] Sections = [.. MessageKind.All, CancelledByPatient, DoctorsTime];

    readonly FrozenDictionary<string, Language> _languages = MessagePreferences.Languages.ToFrozenDictionary(
        code => code, code => new Language(code), StringComparer.Ordinal);

    /// <returns>The subject and the body.</returns>
    public (string Subject, string Text) Write(string kind, VisitNews news)
    {
        var language = _languages[news.Language];
        var section = language.Sections[kind == MessageKind.Cancelled && news.ByPatient ? CancelledByPatient : kind];
        var (subject, body) = (section[..section.IndexOf('\n', StringComparison.Ordinal)],
            section[section.IndexOf('\n', StringComparison.Ordinal)..].Trim('\n'));
        return (Fill(subject), Fill(body) + "\n");

        string Fill(string text) => text
            .Replace("{day}", language.Day.Format(news.Visit.StartsAt.InZone(news.Zone).Date), StringComparison.Ordinal)
            .Replace("{times}", Times(language, news), StringComparison.Ordinal)
            // The name comes last, so that a name in braces stays one.
            .Replace("{doctor}", OneLine(news.Visit.Doctor ?? ""), StringComparison.Ordinal);
    }

    /// <summary>The start on the reader's wall clock, with the zone's name, and on the doctor's where it
    /// differs.</summary>
    static string Times(Language language, VisitNews news)
    {
        var own = language.Moment.Format(news.Visit.StartsAt.InZone(news.Zone).LocalDateTime);
        var doctors = language.Moment.Format(news.Visit.StartsAt.InZone(news.DoctorsZone).LocalDateTime);
        var first = $"{own} ({news.Zone.Id})";
        return own == doctors ? first
            : first + "\n" + language.Sections[DoctorsTime].Trim('\n')
                .Replace("{time}", $"{doctors} ({news.DoctorsZone.Id})", StringComparison.Ordinal);
    }

    static string OneLine(string name) => string.Join(' ', name.Split((char[]?)null,
        StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The texts of one language, with its words for days and months.</summary>
    sealed class Language
    {
        public Language(string code)
        {
            var culture = CultureInfo.GetCultureInfo(code + "-IN");
            Day = LocalDatePattern.Create("d MMMM", culture);
            Moment = LocalDateTimePattern.Create("dddd, d MMMM uuuu, HH:mm", culture);
            Sections = Read(code).ToFrozenDictionary(s => s.Name, s => s.Text, StringComparer.Ordinal);
        }

        public LocalDatePattern Day { get; }

        public LocalDateTimePattern Moment { get; }

        public FrozenDictionary<string, string> Sections { get; }

        static IEnumerable<(string Name, string Text)> Read(string code)
        {
            using var file = new StreamReader(typeof(Language).Assembly
                .GetManifestResourceStream($"Notifications/Messages/Texts/{code}.txt")!, Encoding.UTF8);
            foreach (var section in file.ReadToEnd().ReplaceLineEndings("\n").Split("\n[").Skip(1))
            {
                var end = section.IndexOf(']', StringComparison.Ordinal);
                var lines = section[(end + 1)..].Split('\n').Where(line => !line.StartsWith('#'));
                yield return (section[..end], string.Join('\n', lines).Trim('\n'));
            }
        }
    }
}

using System.Text.RegularExpressions;
using System.Xml.Linq;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Tests.Tidy;

namespace Amrutam.Tests.Portal;

/// <summary>What the pages say is there in every language, for everything that can have happened.</summary>
public sealed partial class WordsTests
{
    static readonly string[] Languages = ["src/Amrutam/Portal/Words.resx", "src/Amrutam/Portal/Words.hi.resx"];

    [Fact]
    public void Every_word_is_there_in_every_language() =>
        Languages.Select(Words).Distinct(HashSet<string>.CreateSetComparer()).Count().ShouldBe(1);

    [Fact]
    public void Everything_that_the_event_log_can_tell_has_words()
    {
        var words = Words(Languages[0]);
        var entities = words.Select(word => word.Split('.')).Where(parts => parts is ["action", _, _])
            .Select(parts => parts[1]).ToHashSet();
        var told = Tree.Files.Where(IsCode).SelectMany(Tree.Lines).SelectMany(line => Dotted().Matches(line))
            .Select(match => match.Groups[1].Value).Where(text => entities.Contains(text.Split('.')[0])).ToList();
        told.Count.ShouldBeGreaterThan(50);
        told.Concat(Enum.GetValues<BookingAction>().Select(action => "bookings." + LifeCycle.Done(action)))
            .Concat(["waitlist.accepted", "waitlist.left"]).Distinct()
            .Where(action => !words.Contains("action." + action)).ShouldBeEmpty();
    }

    // The portal names its own texts by the same scheme.
    static bool IsCode(string file) => Path.GetExtension(file) is ".cs" or ".sql"
        && file.StartsWith("src/", StringComparison.Ordinal)
        && !file.StartsWith("src/Amrutam/Portal/", StringComparison.Ordinal);

    static HashSet<string> Words(string file) =>
        [.. XDocument.Parse(string.Join('\n', Tree.Lines(file))).Root!.Elements("data")
            .Select(word => word.Attribute("name")!.Value)];

    [GeneratedRegex("""["']([a-z_]+\.[a-z_]+)["']""", RegexOptions.NonBacktracking)]
    private static partial Regex Dotted();
}

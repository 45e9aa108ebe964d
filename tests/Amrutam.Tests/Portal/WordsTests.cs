using System.Text.RegularExpressions;
using System.Xml.Linq;
using Amrutam.Analytics.Contracts;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Http;
using Amrutam.Portal.Dashboard;
using Amrutam.Portal.Day;
using Amrutam.Scheduling;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Desk;
using Amrutam.Tests.Support;
using Amrutam.Tests.Tidy;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Portal;

/// <summary>Every text of the pages exists in every language, for every event and code.</summary>
public sealed partial class WordsTests
{
    static readonly string[] Languages = ["src/Amrutam/Portal/Words.resx", "src/Amrutam/Portal/Words.hi.resx"];

    [Fact]
    public void Every_word_is_there_in_every_language() =>
        Languages.Select(Words).Distinct(HashSet<string>.CreateSetComparer()).Count().ShouldBe(1);

    [Fact]
    public void Every_action_of_the_event_log_has_words()
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

    public static TheoryData<string, string[]> Codes => new()
    {
        { "refusal", [.. SchedulingProblems.OfBooking.Select(problem => problem.Code)] },
        { "outcome", DashboardFigures.Outcomes },
        { "lead", [.. Statistics.LeadKeys] },
        { "role", [.. Allow.Roles[Allow.SignedIn], "system"] },
        { "reader", [.. Product.Services.GetServices<IReadEvents>().Select(reader => reader.Name)] },
        { "signin", [.. Enum.GetNames<PortalSignInOutcome>().Where(name => name != "SignedIn")] },
        {
            "sorry", [.. SchedulingProblems.OfBooking.Concat(SchedulingProblems.OfStep).Select(p => p.Code), "other",
                SchedulingProblems.TooManyHolds.Code, SchedulingProblems.SlotRests.Code]
        },
        { "step", [.. TakeStep.All] },
        { "status", [.. LifeCycle.Statuses] },
        { "desk", [ReadDay.Waiting, ReadDay.Called] },
        { "problem", [.. Product.Problems.Values.Select(problem => $"{problem.Status}").Distinct()] },
    };

    /// <summary>A page shows a code without a text as the bare code.</summary>
    [Theory, MemberData(nameof(Codes))]
    public void A_code_that_a_page_shows_has_a_word_in_each_language(string group, string[] codes)
    {
        codes.ShouldNotBeEmpty();
        foreach (var file in Languages)
            codes.Select(code => $"{group}.{code}").Except(Words(file)).ShouldBeEmpty(file);
    }

    [Fact]
    public void A_Hindi_word_is_written_in_Devanagari()
    {
        var sameEverywhere = new[] { "brand" };
        XDocument.Parse(string.Join('\n', Tree.Lines(Languages[1]))).Root!.Elements("data")
            .Where(word => !sameEverywhere.Contains(word.Attribute("name")!.Value)
                && !word.Element("value")!.Value.Any(letter => letter is >= '\u0900' and <= '\u097f'))
            .Select(word => word.Attribute("name")!.Value).ShouldBeEmpty();
    }

    // The portal names its own texts by the same scheme, so its files are left out.
    static bool IsCode(string file) => Path.GetExtension(file) is ".cs" or ".sql"
        && file.StartsWith("src/", StringComparison.Ordinal)
        && !file.StartsWith("src/Amrutam/Portal/", StringComparison.Ordinal);

    static HashSet<string> Words(string file) =>
        [.. XDocument.Parse(string.Join('\n', Tree.Lines(file))).Root!.Elements("data")
            .Select(word => word.Attribute("name")!.Value)];

    [GeneratedRegex("""["']([a-z_]+\.[a-z_]+)["']""", RegexOptions.NonBacktracking)]
    private static partial Regex Dotted();
}

using System.Text.RegularExpressions;

namespace Amrutam.Tests.Tidy.Documents;

/// <summary>The table in docs/threat-model.md has each requirement of OWASP ASVS 5.0 and names existing
/// tests.</summary>
/// <remarks>It covers chapters 6 to 9, levels 1 and 2.</remarks>
public sealed partial class ThreatModelTests
{
    const string Page = "docs/threat-model.md";

    /// <summary>The number of requirements in each section, counted from one. The others are of level 3.</summary>
    static readonly (string Section, int Count)[] Sections = [
        ("6.1", 3), ("6.2", 12), ("6.3", 4), ("6.4", 4), ("6.5", 5), ("6.6", 3), ("6.8", 4),
        ("7.1", 3), ("7.2", 4), ("7.3", 2), ("7.4", 5), ("7.5", 2), ("7.6", 2),
        ("8.1", 2), ("8.2", 3), ("8.3", 1), ("8.4", 1), ("9.1", 3), ("9.2", 4),
    ];

    static IReadOnlyList<string[]> Rows { get; } =
        [.. File.ReadLines(Tree.Path(Page)).Where(line => Requirement().IsMatch(line))
            .Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries))];

    [Fact]
    public void Each_requirement_has_its_row() =>
        Rows.Select(row => row[0]).ShouldBe(
            Sections.SelectMany(s => Enumerable.Range(1, s.Count).Select(n => $"{s.Section}.{n}")));

    [Fact]
    public void Each_row_says_how_and_by_what_it_is_shown() =>
        Rows.Where(row => row.Length != 5 || row.Any(cell => cell.Length < 1) || row[4] is "–")
            .Select(row => row[0]).ShouldBeEmpty();

    [Fact]
    public void The_tests_that_are_named_are_there()
    {
        var tests = typeof(ThreatModelTests).Assembly.GetTypes().SelectMany(type => type.GetMethods()
            .Select(method => type.Name + "." + method.Name).Append(type.Name)).ToList();
        var named = File.ReadAllLines(Tree.Path(Page))
            .SelectMany(line => Named().Matches(line).Select(m => m.Groups[1].Value)).ToList();
        named.Count.ShouldBeGreaterThan(50);
        named.Where(name => !tests.Exists(test => test.StartsWith(name, StringComparison.Ordinal))).ShouldBeEmpty();
    }

    [GeneratedRegex(@"^\| \d\.\d\.\d+ \|", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Requirement();

    /// <summary>Without the "…" that stands for the rest of a long name.</summary>
    [GeneratedRegex(@"`(?:\w+/)?(\w+Tests(?:\.\w+?)?)(?:_…)?`", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Named();
}

using System.Text.RegularExpressions;

namespace Amrutam.Tests.Tidy.Code;

/// <summary>Tests wait for events (<see cref="Support.Waiting"/>) and do not sleep.</summary>
public sealed partial class SleepTests
{
    /// <summary>Files of tests that may sleep, each with the reason.</summary>
    static readonly Dictionary<string, string> MaySleep = new(StringComparer.Ordinal)
    {
        ["Races/StormTests.cs"] = "spreads the kills over the minute of the load, and asserts nothing by that time",
        ["Tidy/Code/SleepTests.cs"] = "names the calls that it looks for",
    };

    static IEnumerable<(string File, int Line, string Text)> Sleeps => Tree.Files
        .Where(file => file.StartsWith("tests/Amrutam.Tests/", StringComparison.Ordinal)
            && file.EndsWith(".cs", StringComparison.Ordinal))
        .Select(file => file["tests/Amrutam.Tests/".Length..])
        .Where(file => !file.StartsWith("Support/", StringComparison.Ordinal))
        .SelectMany(file => Tree.Lines("tests/Amrutam.Tests/" + file)
            .Select((line, i) => (file, i + 1, line.Trim())).Where(line => Sleep().IsMatch(line.Item3)));

    [Fact]
    public void Tests_wait_for_events_and_do_not_sleep() =>
        Sleeps.Where(sleep => !MaySleep.ContainsKey(sleep.File))
            .Select(sleep => $"{sleep.File}:{sleep.Line} {sleep.Text}").ShouldBeEmpty();

    [Fact]
    public void Each_exception_sleeps() =>
        MaySleep.Keys.Except(Sleeps.Select(sleep => sleep.File)).ShouldBeEmpty();

    /// <summary>An infinite delay ends by its token, so it stands for an answer that never comes.</summary>
    [GeneratedRegex(@"Task\.Delay\((?!Timeout\.Infinite)|Thread\.Sleep|SpinWait|pg_sleep", RegexOptions.None, 1000)]
    private static partial Regex Sleep();
}

using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Amrutam.Platform.Http;
using Amrutam.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Tidy.Documents;

/// <summary>docs/operations.md lists every setting with its true default, and no setting that does not exist.</summary>
public sealed partial class SettingsTests
{
    const string Page = "docs/operations.md", None = "–";

    static readonly ILookup<string, Type> Sections = Product.Services.GetServices<SettingsSection>()
        .ToLookup(section => section.Name, section => section.Type, StringComparer.Ordinal);

    sealed record Row(string Name, string[] Cells);

    static IReadOnlyList<Row> Rows { get; } =
        [.. File.ReadLines(Tree.Path(Page)).Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries))
            .SelectMany(cells => Named().Matches(cells[0]).Select(name => new Row(name.Groups[1].Value, cells)))];

    static IEnumerable<(string Name, PropertyInfo Property, object Defaults)> Settings => Sections
        .SelectMany(section => section.SelectMany(type => type.GetProperties().Select(p =>
            (section.Key + "__" + p.Name, p, Activator.CreateInstance(type)!))));

    [Fact]
    public void Every_setting_is_documented()
    {
        Settings.Count().ShouldBeGreaterThan(30);
        Settings.Select(s => s.Name).Except(Rows.Select(r => r.Name)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_documented_setting_of_these_sections_exists() =>
        Rows.Select(r => r.Name).Where(name => Sections.Contains(name.Split("__")[0]))
            .Except(Settings.Select(s => s.Name)).ShouldBeEmpty();

    [Fact]
    public void The_defaults_are_true()
    {
        var wrong = new List<string>();
        foreach (var row in Rows.Where(r => r.Cells.Length == 3))
        {
            var (_, property, defaults) = Settings.Single(s => s.Name == row.Name);
            var value = property.GetValue(defaults) switch
            {
                null => None,
                bool flag => flag ? "true" : "false",
                var other => Convert.ToString(other, CultureInfo.InvariantCulture),
            };
            if (row.Cells[1] != value) wrong.Add($"{row.Name} is {value} and not {row.Cells[1]}");
        }
        wrong.ShouldBeEmpty();
    }

    [GeneratedRegex(@"`(\w+__\w+)`", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Named();
}

using System.Text.RegularExpressions;
using Amrutam.Tests.Support;

namespace Amrutam.Tests.Tidy.Documents;

/// <summary>docs/data-protection.md against the modules' declarations of personal data.</summary>
public sealed partial class DataProtectionTests
{
    /// <summary>The tables of a row, and the member of the export that it names.</summary>
    static IReadOnlyList<(string[] Tables, string Members)> Rows { get; } =
        [.. File.ReadLines(Tree.Path("docs/data-protection.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => (Table().Matches(cells[0]).Select(m => m.Groups[1].Value).ToArray(), cells[3]))];

    [Fact]
    public void Every_table_with_data_of_a_person_is_named() =>
        Product.Tables.Where(t => t.ExportedAs is not null || t.PersonIds is not null).Select(t => t.Name)
            .Except(Rows.SelectMany(row => row.Tables)).ShouldBeEmpty();

    [Fact]
    public void Every_table_that_is_named_is_there_and_exported_as_it_says()
    {
        var declared = Product.Tables.ToDictionary(t => t.Name, t => t.ExportedAs);
        Rows.ShouldNotBeEmpty();
        foreach (var (tables, members) in Rows)
            foreach (var table in tables)
            {
                declared.ShouldContainKey(table);
                members.ShouldContain(declared[table] is { } member ? $"`{member}`" : "–", customMessage: table);
            }
    }

    [GeneratedRegex(@"`(\w+\.\w+)`", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Table();
}

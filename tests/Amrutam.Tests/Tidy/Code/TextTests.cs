using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Amrutam.Tests.Support;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Amrutam.Tests.Tidy.Code;

/// <summary>The shape of the code: short lines, functions and files, names of the field, no unfinished parts.</summary>
public sealed partial class TextTests
{
    const int LongestLine = 120, LongestFunction = 60, LongestFile = 300;

    static readonly string[] Code = [".cs", ".razor", ".sql", ".css", ".py", ".js"];

    // Written in halves, because this file would break the rule otherwise.
    static readonly string[] Undone = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "#reg" + "ion"];

    static readonly string[] EmptyWords = ["Service", "Manager", "Helper", "Util", "Utils", "Repository", "Dto",
        "Impl", "Base"];

    // Texts of PostgreSQL and of a licence are neither wrapped nor judged.
    static readonly string[] NotWrittenHere = ["docs/schema.sql", "LICENSE",
        .. Tree.Files.Where(file => file.EndsWith("/rights.sql", StringComparison.Ordinal))];

    static IEnumerable<string> CodeFiles =>
        Tree.Files.Where(f => Code.Contains(Path.GetExtension(f)) || f == "x").Except(NotWrittenHere);

    [Fact]
    public void Lines_are_at_most_120_characters()
    {
        CodeFiles.Count().ShouldBeGreaterThan(300);
        CodeFiles.SelectMany(file => Tree.Lines(file).Select((line, i) => (file, Line: i + 1, line.Length)))
            .Where(l => l.Length > LongestLine).Select(l => $"{l.file}:{l.Line} has {l.Length}").ShouldBeEmpty();
    }

    [Fact]
    public void Files_are_at_most_300_lines() =>
        CodeFiles.Select(file => (file, Tree.Lines(file).Length)).Where(f => f.Length > LongestFile)
            .Select(f => $"{f.file} has {f.Length}").ShouldBeEmpty();

    /// <summary>An auditor reads the verifier before its use, so it must be short.</summary>
    [Fact]
    public void The_verifier_of_proofs_stays_under_150_lines() =>
        Tree.Lines("tools/verify-audit-proof.py").Length.ShouldBeLessThan(150);

    [Fact]
    public void Functions_are_at_most_60_lines_besides_their_SQL()
    {
        var functions = Product.Assemblies.Append(typeof(TextTests).Assembly).SelectMany(Functions).ToList();
        functions.Count.ShouldBeGreaterThan(1000, "the debug symbols name no source");
        functions.Where(f => f.Lines > LongestFunction).Select(f => $"{f.Name} has {f.Lines}").ShouldBeEmpty();
    }

    [Fact]
    public void No_line_is_marked_as_unfinished() =>
        CodeFiles.SelectMany(file => Tree.Lines(file).Select((line, i) =>
            (file, Line: i + 1, Word: Undone.FirstOrDefault(line.Contains))))
            .Where(l => l.Word is not null).Select(l => $"{l.file}:{l.Line} says {l.Word}").ShouldBeEmpty();

    [Fact]
    public void No_type_is_named_for_its_kind() =>
        Product.Assemblies.Append(typeof(TextTests).Assembly).SelectMany(OwnTypes)
            .Select(t => t.Name.Split('`')[0])
            .Where(name => EmptyWords.Any(word => name.EndsWith(word, StringComparison.Ordinal))).ShouldBeEmpty();

    [Fact]
    public void Migrations_are_named_by_number_and_words_and_no_number_comes_twice()
    {
        var names = Tree.Files.Where(f => f.EndsWith(".sql", StringComparison.Ordinal) && f
            .Contains("/Migrations/", StringComparison.Ordinal))
            .Select(Path.GetFileName).ToList();
        names.ShouldNotBeEmpty();
        names.Where(name => !MigrationName().IsMatch(name!)).ShouldBeEmpty();
        names.GroupBy(name => name![..4]).Where(g => g.Count() > 1).SelectMany(g => g).ShouldBeEmpty();
    }

    [Fact]
    public void No_file_names_a_folder_of_the_machine_it_was_written_on()
    {
        var places = new[] { Tree.Root, "/ho" + "me/", "/Us" + "ers/", "/ro" + "ot/", "/wo" + "rk/" };
        Tree.Files.SelectMany(file => Tree.Lines(file).Select((line, i) =>
            (file, Line: i + 1, Place: places.FirstOrDefault(line.Contains))))
            .Where(l => l.Place is not null).Select(l => $"{l.file}:{l.Line} names {l.Place}").ShouldBeEmpty();
    }

    [Fact]
    public void Every_text_file_ends_with_one_line_break_and_has_no_carriage_return() =>
        Tree.Files.Except(NotWrittenHere).Where(f => !f.EndsWith(".lock.json", StringComparison.Ordinal))
            .Select(file => (file, Text: File.ReadAllText(Tree.Path(file)))).Where(f => f.Text.Length > 0)
            .Where(f => !f.Text.EndsWith('\n') || f.Text.EndsWith("\n\n", StringComparison.Ordinal) || f.Text
                .Contains('\r'))
            .Select(f => f.file).ShouldBeEmpty();

    static IEnumerable<Type> OwnTypes(Assembly assembly) => assembly.GetTypes()
        .Where(t => t.Namespace?.StartsWith("Amrutam", StringComparison.Ordinal) == true && !t
            .IsDefined(typeof(CompilerGeneratedAttribute)));

    /// <summary>The lines of a function from its first statement to its last, by the debug symbols, without lines of
    /// raw strings.</summary>
    static IEnumerable<(string Name, int Lines)> Functions(Assembly assembly)
    {
        using var symbols = AssemblyDefinition
            .ReadAssembly(assembly.Location, new ReaderParameters { ReadSymbols = true });
        foreach (var type in symbols.MainModule.GetTypes())
            foreach (var method in type.Methods.Where(m => m.DebugInformation.HasSequencePoints))
            {
                var points = method.DebugInformation.SequencePoints.Where(p => !p.IsHidden).ToList();
                if (points.Count == 0 || SourceOf(points[0]) is not { } file || method.IsConstructor) continue;
                var (first, last) = (points.Min(p => p.StartLine), points.Max(p => p.EndLine));
                yield return ($"{type.FullName}.{method.Name}", last - first + 1 - RawStrings(file)
                    .Count(line => line > first && line <= last));
            }
    }

    static string? SourceOf(SequencePoint point)
    {
        var url = point.Document.Url.Replace("/amrutam/", Tree.Root + "/", StringComparison.Ordinal);
        return url.EndsWith(".cs", StringComparison.Ordinal) && !url.Contains("/obj/", StringComparison.Ordinal)
            && File.Exists(url) ? url : null;
    }

    static IEnumerable<int> RawStrings(string file)
    {
        var inside = false;
        foreach (var (number, line) in File.ReadLines(file).Index())
        {
            if (inside) yield return number + 1;
            if (line.Split("\"\"\"").Length % 2 == 0) inside = !inside;
        }
    }

    [GeneratedRegex(@"^\d{4}(_[a-z0-9]+)+\.sql$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MigrationName();
}

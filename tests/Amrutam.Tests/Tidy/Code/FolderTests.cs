using System.Text.RegularExpressions;

namespace Amrutam.Tests.Tidy.Code;

/// <summary>A folder is a namespace, has few files, and forms no cycle with others.</summary>
public sealed partial class FolderTests
{
    const int MostFiles = 15;

    static readonly string[] Roots = ["src/", "tests/", "bench/"];

    static IEnumerable<string> Files => Tree.Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal)
        && Roots.Any(root => f.StartsWith(root, StringComparison.Ordinal)));

    [Fact]
    public void A_namespace_is_its_folder()
    {
        Files.Count().ShouldBeGreaterThan(100);
        Files.Select(file => (file, Folder: string.Join('.', file.Split('/')[1..^1]),
                Declared: Namespace().Matches(File.ReadAllText(Tree.Path(file))).Select(m => m.Groups[1].Value)))
            .Where(f => !f.Declared.SequenceEqual([f.Folder]))
            .Select(f => $"{f.file} declares {string.Join(", ", f.Declared)}").ShouldBeEmpty();
    }

    [Fact]
    public void A_folder_has_at_most_15_files() =>
        Files.GroupBy(file => Path.GetDirectoryName(file)!).Where(folder => folder.Count() > MostFiles)
            .Select(folder => $"{folder.Key} has {folder.Count()}").ShouldBeEmpty();

    /// <summary>The platform is a library of facets of one server, such as logs, metrics and data access. Each request
    /// passes through all of them, so they use each other.</summary>
    [Fact]
    public void Folders_of_a_module_form_no_circle() =>
        Program.Modules.Select(module => module.Name).SelectMany(Circles).ShouldBeEmpty();

    /// <summary>The folders of a module that reach themselves through others, by usings and by compiled
    /// references.</summary>
    static IEnumerable<string> Circles(string module)
    {
        var edges = ModuleTests.Uses.Select(u => (From: Folder(module, u.From), To: Folder(module, u.To)))
            .Concat(Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal)).SelectMany(file =>
                Using().Matches(File.ReadAllText(Tree.Path(file))).Select(m => (
                    From: Folder(module, string.Join('.', file.Split('/')[1..^1]) + ".x"),
                    To: Folder(module, m.Groups[1].Value + ".x")))))
            .Where(e => e is { From: not null, To: not null } && e.From != e.To).Distinct()
            .ToLookup(e => e.From!, e => e.To!, StringComparer.Ordinal);
        var reached = edges.ToDictionary(e => e.Key, e => Reached(e.Key, edges), StringComparer.Ordinal);
        return reached.Where(r => r.Value.Contains(r.Key))
            .Select(r => $"{module}/{r.Key} <-> " + string.Join(", ", edges[r.Key].Where(to =>
                reached.TryGetValue(to, out var back) && back.Contains(r.Key)).Order(StringComparer.Ordinal)));
    }

    static HashSet<string> Reached(string from, ILookup<string, string> edges)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var next = new Stack<string>(edges[from]);
        while (next.TryPop(out var folder))
            if (reached.Add(folder))
                foreach (var to in edges[folder]) next.Push(to);
        return reached;
    }

    /// <summary>The folder of a type directly below the module.</summary>
    /// <remarks>Null for types of other modules and of the module's root: the module object, its settings and its
    /// problems.</remarks>
    static string? Folder(string module, string type) =>
        type.Split('.') is ["Amrutam", var of, var folder, _, ..] && of == module ? folder : null;

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using (?:static )?(Amrutam\.[\w.]+);", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Using();
}

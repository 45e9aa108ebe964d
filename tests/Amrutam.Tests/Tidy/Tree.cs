namespace Amrutam.Tests.Tidy;

/// <summary>The repository's own files, as the tests find them from where they were built.</summary>
static class Tree
{
    static readonly string[] NotOurs = ["bin", "obj", "node_modules", ".git", ".data", ".vs", ".idea", "TestResults"];

    static readonly string[] Pictures = [".png", ".pdf", ".ico", ".woff2", ".jpg"];

    public static string Root { get; } = FindRoot();

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>Paths relative to the root, with forward slashes, of every file that is text.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Below(Root)
        .Where(file => !Pictures.Contains(System.IO.Path.GetExtension(file)))
        .Select(file => System.IO.Path.GetRelativePath(Root, file).Replace('\\', '/'))
        .Order(StringComparer.Ordinal)];

    public static string[] Lines(string file) => File.ReadAllLines(Path(file));

    static IEnumerable<string> Below(string folder) => Directory.EnumerateFiles(folder).Where(IsOurs)
        .Concat(Directory.EnumerateDirectories(folder).Where(IsOurs).SelectMany(Below));

    static bool IsOurs(string path) => !NotOurs.Contains(System.IO.Path.GetFileName(path));

    static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(folder.FullName, "Amrutam.slnx"))) folder = folder.Parent!;
        return folder.FullName;
    }
}

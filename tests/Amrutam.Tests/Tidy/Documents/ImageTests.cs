using System.Text.RegularExpressions;

namespace Amrutam.Tests.Tidy.Documents;

/// <summary><c>./x</c> runs the server with the settings of the image.</summary>
public sealed partial class ImageTests
{
    [Fact]
    public void The_image_and_x_give_the_server_the_same_memory()
    {
        var ofTheImage = Set("deploy/Dockerfile");
        ofTheImage.Count.ShouldBe(3);
        Set("x").ShouldBe(ofTheImage);
        var documented = File.ReadAllText(Tree.Path("docs/operations.md"));
        foreach (var variable in ofTheImage) documented.ShouldContain(variable);
    }

    [Fact]
    public void The_image_restores_every_project_of_the_server()
    {
        var image = File.ReadAllText(Tree.Path("deploy/Dockerfile"));
        var locks = Tree.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal)
            && f.EndsWith("packages.lock.json", StringComparison.Ordinal)).ToList();
        locks.Count.ShouldBe(3);
        locks.Where(file => !image.Contains(file, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    static List<string> Set(string file) =>
        [.. Memory().Matches(File.ReadAllText(Tree.Path(file))).Select(m => m.Value).Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"(DOTNET_GC|MALLOC_)\w+=\w+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Memory();
}

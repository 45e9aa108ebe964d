namespace Amrutam.Tests.Tidy;

/// <summary>Compares the product's output with its reviewed text. With AMRUTAM_APPROVE=1 the output becomes the
/// reviewed text.</summary>
static class Approved
{
    public static bool IsApproving => Environment.GetEnvironmentVariable("AMRUTAM_APPROVE") == "1";

    public static void ShouldBeApproved(this string made, string file)
    {
        var path = Tree.Path(file);
        if (IsApproving) File.WriteAllText(path, made);
        var reviewed = File.Exists(path) ? File.ReadAllText(path) : "";
        if (reviewed == made) return;
        var (line, was, now) = reviewed.Split('\n').Zip(made.Split('\n')).Index()
            .Where(l => l.Item.First != l.Item.Second).Select(l => (l.Index + 1, l.Item.First, l.Item.Second))
                .FirstOrDefault();
        Assert.Fail(
            $"{file} differs from line {line}: \"{was}\" is now \"{now}\". If meant: ./x approve, and review.");
    }
}

using System.Text.RegularExpressions;
using Amrutam.Tests.Tidy.Code;

namespace Amrutam.Tests.Tidy.Documents;

/// <summary>The English of the documents. Code in them is a noun, and headings are no sentences. A semicolon or a dot
/// in the middle divides the points of a table's cell.</summary>
public sealed partial class DocumentEnglishTests
{
    const string Fence = "```";

    [Theory]
    [InlineData("# Who reads it\n\nAn administrator\nreads it.", "An administrator reads it.")]
    [InlineData("- [The list](list.md) is **short**.\n- It ends.", "The list is short.", "It ends.")]
    [InlineData("The command `./x a b c` ends.\n```\nWho asks\n```", "The command `code` ends.")]
    [InlineData("| a | b |\n|---|---|\n| one; two | three |", "a", "b", "one", "two", "three")]
    public void A_document_is_divided_into_its_texts(string document, params string[] texts) =>
        Texts(document.Split('\n')).Select(text => text.Text).ShouldBe(texts);

    [Fact]
    public void Documents_are_plain_English()
    {
        var texts = Tree.Files.Where(file => Path.GetExtension(file) == ".md")
            .SelectMany(file => Texts(Tree.Lines(file)).Select(text => ($"{file}:{text.Line}", text.Text))).ToList();
        texts.Count.ShouldBeGreaterThan(1000);
        EnglishTests.Wrong(texts).ShouldBeEmpty();
    }

    static IEnumerable<(int Line, string Text)> Texts(IReadOnlyList<string> lines)
    {
        var (fenced, paragraph, first) = (false, "", 0);
        for (var i = 0; i <= lines.Count; i++)
        {
            var line = i < lines.Count ? lines[i].Trim() : "";
            if (line.StartsWith(Fence, StringComparison.Ordinal)) fenced = !fenced;
            var continues = !fenced && line.Length > 0 && line[0] is not ('#' or '|' or '`')
                && !Item().IsMatch(line) || line.StartsWith('`') && !line.StartsWith(Fence, StringComparison.Ordinal);
            if (!continues && paragraph.Length > 0)
            {
                yield return (first, Plain(paragraph));
                paragraph = "";
            }
            if (fenced || line.StartsWith('#') || line.StartsWith(Fence, StringComparison.Ordinal)) continue;
            if (line.StartsWith('|'))
                foreach (var point in Plain(line).Split('|', ';', '·').Select(point => point.Trim()))
                {
                    if (point.Any(char.IsLetterOrDigit)) yield return (i + 1, point);
                }
            else if (line.Length > 0)
            {
                if (paragraph.Length == 0) first = i + 1;
                paragraph = (paragraph + ' ' + Item().Replace(line, "")).Trim();
            }
        }
    }

    static string Plain(string text) =>
        Emphasis().Replace(Link().Replace(InlineCode().Replace(text, "`code`"), "${text}"), "");

    [GeneratedRegex(@"^([-*>]|\d+\.) ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Item();

    [GeneratedRegex("`[^`]+`", RegexOptions.None, 1000)]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"!?\[(?<text>[^\]]*)\]\([^)]*\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"\*+", RegexOptions.None, 1000)]
    private static partial Regex Emphasis();
}

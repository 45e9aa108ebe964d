using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using Amrutam.Tests.Support;
using Amrutam.Tests.Tidy.Statements;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Xunit.v3;

namespace Amrutam.Tests.Tidy.Code;

/// <summary>The English of comments, log lines, problems and tests' names: short sentences in plain words.</summary>
public sealed partial class EnglishTests
{
    const int MostWords = 25;

    /// <summary>The marks of comments by file extension. Raw strings of C# contain SQL.</summary>
    static readonly Dictionary<string, string[]> Marks = new(StringComparer.Ordinal)
    {
        [".cs"] = ["///", "//", "--"], [".razor"] = ["//"], [".js"] = ["//"], [".lua"] = ["--"], [".py"] = ["#"],
        [".sh"] = ["#"], [".yml"] = ["#"], [".yaml"] = ["#"], [""] = ["#"],
    };

    // So far indented, a line of a comment is a command and no sentence.
    const string Code = "   ";

    // Neither commands nor a licence are sentences of ours.
    static readonly string[] NoSentences = ["LICENSE", ".gitignore", ".dockerignore"];

    [Theory]
    [InlineData("A hold keeps the slot. It ends by the clock.", "")]
    [InlineData("Returns the <see cref=\"Amrutam.Slot\"/> of <c>id</c>.", "")]
    [InlineData("Who asks is known.", "begins with \"Who\"")]
    [InlineData("It is read. What was read stays.", "begins with \"What\"")]
    [InlineData("Of whom it shows data.", "begins with \"Of whom\"")]
    [InlineData("The list is read anew.", "says \"anew\"")]
    [InlineData("The caller is told of it.", "says \"told\"")]
    [InlineData("One two three four five six seven eight nine ten one two three four five six seven eight nine ten "
        + "one two three four five six.", "has 26 words")]
    public void A_sentence_is_judged_by_its_words(string text, string fault) =>
        Faults(text).ShouldBe(fault.Length == 0 ? [] : [fault]);

    [Fact]
    public void Comments_are_plain_English()
    {
        var comments = Files.SelectMany(Comments).ToList();
        comments.Count.ShouldBeGreaterThan(2000);
        Wrong(comments).ShouldBeEmpty();
    }

    [Fact]
    public void Log_lines_are_plain_English()
    {
        var lines = LogTests.Messages().ToList();
        lines.Count.ShouldBeGreaterThan(10);
        Wrong(lines).ShouldBeEmpty();
    }

    /// <summary>All strings that begin like a sentence: problems, descriptions, start errors, e-mails.</summary>
    [Fact]
    public void Messages_are_plain_English()
    {
        var texts = Product.Assemblies
            .SelectMany(a => AssemblyDefinition.ReadAssembly(a.Location).MainModule.GetTypes())
            .Where(type => type.FullName.StartsWith("Amrutam.", StringComparison.Ordinal))
            .SelectMany(type => type.Methods).Where(method => method.HasBody)
            .SelectMany(method => method.Body.Instructions.Where(i => i.OpCode == OpCodes.Ldstr)
                .Select(i => (Where: method.FullName, Text: (string)i.Operand)))
            .Where(text => Sentence().IsMatch(text.Text) && !SqlConstants.IsSql(text.Text)).ToList();
        texts.Count.ShouldBeGreaterThan(200);
        Wrong(texts).ShouldBeEmpty();
    }

    [Fact]
    public void A_tests_name_is_a_sentence_with_a_subject()
    {
        var names = typeof(EnglishTests).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttributes().Any(a => a is IFactAttribute)).Select(method => method.Name)
            .ToList();
        names.Count.ShouldBeGreaterThan(500);
        names.Where(name => name.Split('_').Length < 3).ShouldBeEmpty();
        names.Select(name => (name, Faults: Faults(name.Replace('_', ' ')))).Where(n => n.Faults.Count > 0)
            .Select(n => $"{n.name} {string.Join(", ", n.Faults)}").ShouldBeEmpty();
    }

    static IEnumerable<string> Files => Tree.Files.Except(NoSentences).Where(file =>
        Marks.ContainsKey(Path.GetExtension(file)) && !file.StartsWith("docs/", StringComparison.Ordinal));

    /// <summary>The comments of a file. Lines that follow each other with the same mark are one comment.</summary>
    static IEnumerable<(string Where, string Text)> Comments(string file)
    {
        var (marks, lines) = (Marks[Path.GetExtension(file)], Tree.Lines(file));
        for (var i = 0; i < lines.Length; i++)
        {
            var (start, mark, text) = (i + 1, Mark(lines[i], marks), "");
            if (mark is null)
            {
                if (Behind(lines[i], marks) is { } behind) yield return ($"{file}:{start}", behind);
                continue;
            }
            while (true)
            {
                var line = lines[i].TrimStart()[mark.Length..];
                text += line.StartsWith(Code, StringComparison.Ordinal) ? ". " : line.Trim() + " ";
                if (i + 1 == lines.Length || Mark(lines[i + 1], marks) != mark) break;
                i++;
            }
            yield return ($"{file}:{start}", text);
        }
    }

    static string? Mark(string line, string[] marks) => Array.Find(marks, mark =>
        (line.TrimStart() + ' ').StartsWith(mark + ' ', StringComparison.Ordinal));

    /// <returns>The comment after code in the same line, or null. A mark within quotes is none.</returns>
    static string? Behind(string line, string[] marks) => marks
        .Select(mark => line.IndexOf($" {mark} ", StringComparison.Ordinal) is var at and > 0
            && line[..at].Count(c => c == '"') % 2 == 0 ? line[(at + mark.Length + 2)..] : null)
        .FirstOrDefault(comment => comment is not null);

    internal static IEnumerable<string> Wrong(IEnumerable<(string Where, string Text)> texts) =>
        from text in texts
        from fault in Faults(text.Text)
        select $"{text.Where} {fault}: {text.Text}";

    static List<string> Faults(string text)
    {
        var faults = new List<string>();
        foreach (var sentence in Sentences(text))
        {
            var words = sentence.Split(' ').Count(word => word.Any(char.IsLetterOrDigit));
            if (words > MostWords) faults.Add($"has {words} words");
            if (Subject().Match(sentence) is { Success: true } subject) faults.Add($"begins with \"{subject.Value}\"");
            if (Forbidden().Match(sentence) is { Success: true } word) faults.Add($"says \"{word.Value}\"");
        }
        return faults;
    }

    static IEnumerable<string> Sentences(string text) => Elements().Split(References().Replace(text, match =>
            match.Groups["name"].Value.Split('(')[0].Split('.')[^1]))
        .Select(part => WebUtility.HtmlDecode(Inline().Replace(part, "")))
        .SelectMany(part => SentenceEnd().Split(part)).Select(sentence => sentence.Trim());

    [GeneratedRegex(@"^(Who|What|Whom|Whose|Whoever|Whatever|Of whom|Of what)\b", RegexOptions.None, 1000)]
    private static partial Regex Subject();

    [GeneratedRegex(
        @"\b(anew|as (it|they) (stands?|stood)|tells?|telling|told|look(s|ed|ing)? after|whoever|whomever)\b",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"^(?=.*[a-z])[A-Z]\S*( \S+){3,}", RegexOptions.None, 1000)]
    private static partial Regex Sentence();

    [GeneratedRegex(@"(?<=[.!?])[""')]*\s+(?=[^a-z])", RegexOptions.None, 1000)]
    private static partial Regex SentenceEnd();

    [GeneratedRegex("<\\w+ \\w+=\"(?<name>[^\"]*)\"\\s*/>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex References();

    [GeneratedRegex("</?(c|b|i|em|code)>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Inline();

    [GeneratedRegex("</?(summary|remarks|param|typeparam|returns|exception|para|inheritdoc)\\b[^>]*>",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Elements();
}

using System.Diagnostics;
using System.Text.RegularExpressions;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Tidy.Documents;

/// <summary>The documents are true: their commands run, their links resolve, and their tables are generated.</summary>
public sealed partial class ReadmeTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task The_walkthrough_of_the_README_works()
    {
        var (exit, said, complained) = await Walk(Walkthrough(), Server);
        exit.ShouldBe(0, complained + said);
        said.ShouldContain("booked once: {\"id\":");
        (await fixture.Server.Owner.Statement("select count(*) from scheduling.bookings").Value<long>()).ShouldBe(1);
    }

    /// <summary>The lines as they are pasted: the shell does not stop at an error.</summary>
    [Theory]
    [InlineData("lantern-meadow-42\"}'", "wrong\"}'", "failed: no access_token")]
    [InlineData("\"end_time\":\"10:00\"", "\"end_time\":\"09:00\"", "/api/slots")]
    [InlineData("\"slot_id\"", "\"slot\"", "/api/bookings")]
    public async Task A_step_of_the_walkthrough_that_fails_says_so(string right, string wrong, string complaint)
    {
        var broken = Walkthrough().Replace(right, wrong, StringComparison.Ordinal);
        broken.ShouldNotBe(Walkthrough());
        var (exit, said, complained) = await Walk(broken, Server);
        exit.ShouldNotBe(0);
        complained.ShouldContain("failed: ");
        complained.ShouldContain(complaint);
        said.ShouldNotContain("booked once");
    }

    [Fact]
    public async Task The_walkthrough_without_a_server_says_so()
    {
        var (exit, said, complained) = await Walk(Walkthrough(), "http://127.0.0.1:1");
        exit.ShouldNotBe(0);
        complained.ShouldContain("failed: http://127.0.0.1:1/api/auth/signup");
        said.ShouldNotContain("booked once");
    }

    string Server => fixture.Server.Address.ToString().TrimEnd('/');

    static string Walkthrough()
    {
        var text = File.ReadAllText(Tree.Path("README.md"));
        var walkthrough = text[text.IndexOf("## Book a doctor by hand", StringComparison.Ordinal)..];
        var blocks = Block().Matches(walkthrough).Select(m => m.Groups["lines"].Value).ToList();
        blocks.Count.ShouldBe(3);
        return string.Concat(blocks);
    }

    static async Task<(int Exit, string Said, string Complained)> Walk(string lines, string server)
    {
        var start = new ProcessStartInfo("bash", ["-c", lines])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { ["API"] = server },
        };
        using var shell = Process.Start(start)!;
        var (said, complained) = (shell.StandardOutput.ReadToEndAsync(), shell.StandardError.ReadToEndAsync());
        await shell.WaitForExitAsync();
        return (shell.ExitCode, await said, await complained);
    }

    [Fact]
    public void Every_link_between_the_documents_leads_somewhere()
    {
        var links = Tree.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal)).SelectMany(file =>
            Link().Matches(File.ReadAllText(Tree.Path(file))).Select(m => (file, To: m.Groups["to"].Value))).ToList();
        links.Count.ShouldBeGreaterThan(20);
        links.Where(link => !File.Exists(Target(link.file, link.To)) && !Directory.Exists(Target(link.file, link.To)))
            .Select(link => $"{link.file} leads to {link.To}").ShouldBeEmpty();
    }

    [Fact, Trait("Approves", "diagrams")]
    public void The_table_of_problems_is_made_from_the_problems()
    {
        var rows = Product.Problems.Values.OrderBy(p => p.Status).ThenBy(p => p.Code, StringComparer.Ordinal)
            .Select(p => $"| {p.Status} | `{p.Code}` | {p.Title} |\n");
        ("""
            # Statuses and problems

            Every refusal is `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail`, `code`,
            `trace_id`, and `errors` by field where it is about fields. A program decides by `code`. A thing that
            you may not see is answered as one that does not exist. 429 and 503 carry `Retry-After`. Made from the
            problems in the code by `./x docs`.

            | status | code | meaning |
            |---|---|---|

            """ + string.Concat(rows)).ShouldBeApproved("docs/status-codes.md");
    }

    static string Target(string file, string to) =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Tree.Path(file))!, to.Split('#')[0]));

    [GeneratedRegex("```sh\n(?<lines>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Block();

    [GeneratedRegex(@"\]\((?<to>(?!https?:|#|mailto:)[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}

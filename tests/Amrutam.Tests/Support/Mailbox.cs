using System.Diagnostics;
using System.Text.RegularExpressions;
using MimeKit;

namespace Amrutam.Tests.Support;

/// <summary>Reads letters as a mail program does: from <c>.eml</c> files, or from a mail server.</summary>
static partial class Mailbox
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The folder in which the servers of a test run write their letters.</summary>
    public static string Folder { get; } =
        Path.Combine(Path.GetTempPath(), "amrutam-tests-mail-" + Environment.ProcessId);

    /// <summary>The newest letter with this recipient and subject. Waits until it comes.</summary>
    /// <param name="server">The mail server that receives it; null for the folder.</param>
    public static async Task<MimeMessage> Letter(string to, string subject, MailServer? server = null)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            if (All(server).LastOrDefault(l => l.IsTo(to) && l.Subject == subject) is { } letter) return letter;
            clock.Elapsed.ShouldBeLessThan(Patience, $"no letter '{subject}' came to {to}");
        }
    }

    /// <summary>The token of the newest such letter, which is a line of its own.</summary>
    public static async Task<string> Token(string to, string subject, MailServer? server = null) =>
        TokenLine().Match((await Letter(to, subject, server)).Body()).Groups[1].Value;

    /// <summary>The path and query of the link in the newest such letter.</summary>
    public static async Task<string> Link(string to, string subject) =>
        new Uri(LinkLine().Match((await Letter(to, subject)).Body()).Value.Trim()).PathAndQuery;

    public static bool IsTo(this MimeMessage letter, string address) =>
        letter.To.Mailboxes.Any(mailbox => mailbox.Address == address);

    /// <summary>The text of a letter, with the line ends of a test's source.</summary>
    public static string Body(this MimeMessage letter) => letter.TextBody!.ReplaceLineEndings("\n").TrimEnd('\n');

    /// <summary>Every letter so far, the newest last.</summary>
    public static IEnumerable<MimeMessage> All(MailServer? server = null) => server is not null ? server.Letters
        : !Directory.Exists(Folder) ? [] : Directory.EnumerateFiles(Folder, "*.eml")
            .OrderBy(File.GetLastWriteTimeUtc).Select(file => MimeMessage.Load(file));

    [GeneratedRegex("^([A-Za-z0-9_-]{43})$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TokenLine();

    [GeneratedRegex(@"^\s*http\S+$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LinkLine();
}

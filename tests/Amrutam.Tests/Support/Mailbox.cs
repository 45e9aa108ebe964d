using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Support;

/// <summary>Reads letters back as a mail program would, from <c>.eml</c> files or from a mail server's
/// folder.</summary>
static partial class Mailbox
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Where the servers of a test run put their letters.</summary>
    public static string Folder { get; } =
        Path.Combine(Path.GetTempPath(), "amrutam-tests-mail-" + Environment.ProcessId);

    /// <summary>The newest letter to somebody whose subject says so; waits until it comes.</summary>
    public static async Task<string> Letter(string to, string subject, string? folder = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (All(folder ?? Folder).LastOrDefault(l => l.Contains($"To: {to}")
                && l.Contains("Subject: " + subject)) is { } letter) return letter;
            clock.Elapsed.ShouldBeLessThan(Patience, $"no letter '{subject}' came to {to}");
            await Task.Delay(50);
        }
    }

    /// <summary>The token of the newest such letter, which stands on a line of its own.</summary>
    public static async Task<string> Token(string to, string subject, string? folder = null) =>
        TokenLine().Match(await Letter(to, subject, folder)).Groups[1].Value;

    /// <summary>The path and query of the link in the newest such letter.</summary>
    public static async Task<string> Link(string to, string subject) =>
        new Uri(LinkLine().Match(await Letter(to, subject)).Value.Trim()).PathAndQuery;

    public static IEnumerable<string> All(string folder) =>
        !Directory.Exists(folder) ? [] : Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .OrderBy(File.GetLastWriteTimeUtc).Select(Read).Where(text => text.Length > 0);

    /// <summary>Headers as they are, and the body decoded.</summary>
    static string Read(string file)
    {
        string text;
        try
        {
            text = File.ReadAllText(file).ReplaceLineEndings("\n");
        }
        catch (IOException)
        {
            return ""; // Being written or moved; the next look finds it.
        }
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0) return "";
        var (headers, body) = (text[..end], text[(end + 2)..]);
        return headers + "\n\n" + (headers.Contains("base64", StringComparison.OrdinalIgnoreCase)
            ? Encoding.UTF8.GetString(Convert.FromBase64String(body)).ReplaceLineEndings("\n")
            : Quoted().Replace(body.Replace("=\n", ""), m => ((char)Convert.ToByte(m.Groups[1].Value, 16)).ToString()));
    }

    [GeneratedRegex("^([A-Za-z0-9_-]{43})$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TokenLine();

    [GeneratedRegex(@"^\s*http\S+$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LinkLine();

    [GeneratedRegex("=([0-9A-F]{2})", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Quoted();
}

/// <summary>A real SMTP server (Debian's aiosmtpd) that puts what it is given into a folder.</summary>
sealed class MailServer : IDisposable
{
    readonly Process _process;

    public int Port { get; }

    readonly string _directory = Directory.CreateTempSubdirectory("amrutam-smtp-").FullName;

    /// <summary>Made by the server itself, with its parts.</summary>
    public string Folder => Path.Combine(_directory, "letters");

    MailServer(int port)
    {
        Port = port;
        _process = Process.Start(new ProcessStartInfo("/usr/bin/python3",
            ["-m", "aiosmtpd", "-n", "-u", "-l", $"127.0.0.1:{Port}", "-c", "aiosmtpd.handlers.Mailbox", Folder])
        { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
    }

    /// <summary>Starts one and waits until it answers.</summary>
    public static async Task<MailServer> Start(int? port = null)
    {
        var server = new MailServer(port ?? Ports.Next());
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, server.Port);
                return server;
            }
            catch (SocketException) when (clock.Elapsed < TimeSpan.FromSeconds(20))
            {
                // Python takes a moment to start.
            }
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}

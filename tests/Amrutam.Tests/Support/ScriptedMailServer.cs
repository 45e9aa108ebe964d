using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Amrutam.Tests.Support;

/// <summary>A mail server with scripted answers: a line, silence, or the end of the connection.</summary>
sealed class ScriptedMailServer : IAsyncDisposable
{
    /// <summary>In place of a line: the server stays silent from then on, or closes the connection.</summary>
    public const string Silence = "silence", HangUp = "hang up";

    /// <summary>The answers without a command: the greeting, and the answer to the message.</summary>
    public const string Greeting = "greeting", Message = "message";

    static readonly Dictionary<string, string> Well = new(StringComparer.Ordinal)
    {
        [Greeting] = "220 test", ["EHLO"] = "250-test\r\n250-8BITMIME\r\n250 SMTPUTF8", ["AUTH"] = "235 known",
        ["STARTTLS"] = "220 begin", ["MAIL"] = "250 well", ["RCPT"] = "250 well", ["DATA"] = "354 go on",
        [Message] = "250 taken", ["QUIT"] = "221 bye",
    };

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly Dictionary<string, string> _answers;
    readonly Task _serving;

    /// <summary>Every line that a client sent.</summary>
    public ConcurrentQueue<string> Heard { get; } = [];

    public int Port { get; }

    /// <param name="answers">Answers by verb. For other verbs the server answers like one that accepts
    /// everything.</param>
    public ScriptedMailServer(params (string Verb, string Answer)[] answers)
    {
        _answers = new(Well, StringComparer.Ordinal);
        foreach (var (verb, answer) in answers) _answers[verb] = answer;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _serving = Serve();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    async Task Serve()
    {
        while (true)
        {
            using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            try
            {
                await Converse(client.GetStream());
            }
            catch (IOException)
            {
                // The client has closed the connection.
            }
        }
    }

    async Task Converse(NetworkStream stream)
    {
        using var reader = new StreamReader(stream);
        await using var writer = new StreamWriter(stream) { AutoFlush = true, NewLine = "\r\n" };
        for (var verb = Greeting; await Answer(writer, reader, verb) && verb != "QUIT";)
        {
            if (verb == "DATA") verb = await ReadMessage(reader);
            else if (await reader.ReadLineAsync(_stop.Token) is { } line)
            {
                Heard.Enqueue(line);
                verb = line.Split(' ')[0].ToUpperInvariant();
            }
            else return;
        }
    }

    /// <returns>Whether the conversation continues.</returns>
    async Task<bool> Answer(StreamWriter writer, StreamReader reader, string verb)
    {
        var answer = _answers.GetValueOrDefault(verb, "500 what?");
        if (answer == HangUp) return false;
        if (answer != Silence)
        {
            await writer.WriteLineAsync(answer);
            // TLS would follow, which this server does not speak.
            if (verb != "STARTTLS") return true;
        }
        await reader.BaseStream.CopyToAsync(Stream.Null, _stop.Token);
        return false;
    }

    async Task<string> ReadMessage(StreamReader reader)
    {
        while (await reader.ReadLineAsync(_stop.Token) is { } line && line != ".") Heard.Enqueue(line);
        return Message;
    }
}

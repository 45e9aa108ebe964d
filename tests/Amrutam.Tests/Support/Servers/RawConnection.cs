using System.Net.Sockets;
using System.Text;

namespace Amrutam.Tests.Support.Servers;

/// <summary>A connection whose client sends and reads byte by byte, or not at all.</summary>
sealed class RawConnection : IDisposable
{
    // The kernel takes what the client does not read; this keeps that little.
    const int ReceiveBytes = 4096;

    // The server answers or ends every connection earlier.
    static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(60);

    readonly TcpClient _client = new() { ReceiveBufferSize = ReceiveBytes, NoDelay = true };

    public static async Task<RawConnection> Open(Uri server)
    {
        var connection = new RawConnection();
        await connection._client.ConnectAsync(server.Host, server.Port);
        return connection;
    }

    public ValueTask Send(string text) => _client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

    public ValueTask Send(string method, string path, HttpClient caller, string headers = "") => Send(
        $"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {caller.DefaultRequestHeaders.Authorization}\r\n"
        + headers + "\r\n");

    /// <summary>Sends 500 bytes a second until the server has ended the connection.</summary>
    public async Task Trickle()
    {
        try
        {
            while (_client.Client.Connected && !HasEnded())
            {
                await Send(new string(' ', 50));
                await Waiting.Pause(100);
            }
        }
        catch (IOException)
        {
            // The server closed the connection in between.
        }
    }

    /// <summary>The first bytes of the answer; empty if the server closed the connection without one.</summary>
    /// <exception cref="OperationCanceledException">A minute passed without either.</exception>
    public async Task<string> Read(int most = 1024)
    {
        var buffer = new byte[most];
        using var end = new CancellationTokenSource(LongestRead);
        try
        {
            var read = await _client.GetStream().ReadAsync(buffer, end.Token);
            return Encoding.ASCII.GetString(buffer, 0, read);
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Whether the server closed the connection; an answer that nobody has read does not count.</summary>
    bool HasEnded() => _client.Client.Poll(0, SelectMode.SelectError)
        || (_client.Client.Poll(0, SelectMode.SelectRead) && _client.Available == 0);

    /// <summary>Reads at most 640 kB a second, until the server ends the connection.</summary>
    /// <returns>The number of bytes.</returns>
    public async Task<long> ReadSlowly()
    {
        var all = 0L;
        for (; await Read(64 * 1024) is { Length: > 0 } part; all += part.Length) await Waiting.Pause(100);
        return all;
    }

    public void Dispose() => _client.Dispose();
}

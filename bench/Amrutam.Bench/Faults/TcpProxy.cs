using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Amrutam.Bench.Faults;

/// <summary>A network that can be cut, slowed down and held up.</summary>
sealed class TcpProxy : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentDictionary<TcpClient, bool> _open = [];
    readonly Task _accepting;
    volatile bool _cut, _held;
    long _delay;

    public TcpProxy(int target)
    {
        Target = target;
        _listener.Start();
        _accepting = Accept();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The port that new connections lead to.</summary>
    public int Target { get; set; }

    /// <summary>Added to each piece of data in each direction.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _delay));
        set => Interlocked.Exchange(ref _delay, value.Ticks);
    }

    /// <summary>Keeps all data back while the connections stay open. A cut then loses these data.</summary>
    public void Hold() => _held = true;

    /// <summary>Ends every connection, and refuses others until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        _cut = true;
        foreach (var client in _open.Keys) client.Dispose();
    }

    public void Mend() => _cut = _held = false;

    public async ValueTask DisposeAsync()
    {
        Cut();
        _listener.Stop();
        await _accepting;
    }

    async Task Accept()
    {
        try
        {
            while (true) _ = Serve(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The listener was stopped.
        }
    }

    async Task Serve(TcpClient client)
    {
        using var from = client;
        using var to = new TcpClient();
        try
        {
            if (_cut) return;
            (_open[from], _open[to]) = (true, true);
            await to.ConnectAsync(IPAddress.Loopback, Target);
            (from.NoDelay, to.NoDelay) = (true, true);
            await Task.WhenAny(Pump(from, to), Pump(to, from));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // One of the two ends is gone, so the other one goes too.
        }
        finally
        {
            _open.TryRemove(from, out _);
            _open.TryRemove(to, out _);
        }
    }

    async Task Pump(TcpClient from, TcpClient to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is > 0 and var length)
            {
                if (Delay > TimeSpan.Zero) await Task.Delay(Delay);
                while (_held && !_cut) await Task.Delay(10);
                if (_cut) return;
                await to.GetStream().WriteAsync(buffer.AsMemory(0, length));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection was cut.
        }
    }
}

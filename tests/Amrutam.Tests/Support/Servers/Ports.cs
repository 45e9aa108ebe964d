using System.Net;
using System.Net.Sockets;

namespace Amrutam.Tests.Support.Servers;

/// <summary>Ports for programs that must be told where to listen.</summary>
/// <remarks>
/// They are below those that systems give to whoever asks for any (from 32768 on Linux, 49152 elsewhere). One of those
/// could be another test's before the program listens, and the test would then talk to the other's server.
/// </remarks>
static class Ports
{
    const int First = 20_000, Count = 12_000;

    // Two runs at once begin at different places.
    static int _last = Environment.ProcessId % Count;

    /// <summary>A port that nobody listens on and that no other test of this run is given.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = First + (Interlocked.Increment(ref _last) % Count);
            if (IsFree(port)) return port;
        }
    }

    static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}

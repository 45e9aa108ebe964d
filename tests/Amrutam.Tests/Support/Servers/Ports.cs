using System.Net;
using System.Net.Sockets;

namespace Amrutam.Tests.Support.Servers;

/// <summary>Free ports for programs that take their port as a setting.</summary>
/// <remarks>They are below the ports that systems assign by themselves (from 32768 on Linux, 49152 elsewhere). Another
/// test could get an assigned port before the program listens, and would then reach that program.</remarks>
static class Ports
{
    const int First = 20_000, Count = 12_000;

    // Two runs at once begin at different ports.
    static int _last = Environment.ProcessId % Count;

    /// <summary>A port that has no listener and that no other test of this run gets.</summary>
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

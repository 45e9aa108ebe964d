using System.Net;
using System.Net.Sockets;

namespace Amrutam.Platform.Http;

/// <summary>Checks that the server can listen on an address, before it starts anything that it would have to stop
/// again.</summary>
static class ListeningAddress
{
    /// <exception cref="StartupException">It is no address, or another program listens there.</exception>
    public static void RefuseTaken(string urls, string setting)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!TryParse(url, out var address))
                throw new StartupException(
                    $"{setting}: '{url}' is not an address to listen on, as http://127.0.0.1:5080");
            // Port 0 means any free port. Host names and socket files are checked by the server itself, with messages
            // of its own.
            if (address.Port == 0 || EndPoint(address) is not { } endpoint) continue;
            try
            {
                using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                if (!OperatingSystem.IsWindows())
                    socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                socket.Bind(endpoint);
                socket.Listen(1);
            }
            catch (SocketException e)
            {
                throw new StartupException($"{setting}: {url} cannot be listened on: {e.Message}", e);
            }
        }
    }

    static bool TryParse(string url, out BindingAddress address)
    {
        try
        {
            address = BindingAddress.Parse(url);
            return true;
        }
        catch (FormatException)
        {
            address = null!;
            return false;
        }
    }

    static IPEndPoint? EndPoint(BindingAddress address) => address.Host switch
    {
        "localhost" => new(IPAddress.Loopback, address.Port),
        "*" or "+" => new(IPAddress.Any, address.Port),
        var host => IPAddress.TryParse(host, out var ip) ? new(ip, address.Port) : null,
    };
}

using System.Net;
using System.Net.Sockets;

namespace Amrutam.Platform.Http;

/// <summary>Checks the addresses on which the server listens, before it starts anything that it would have to stop
/// again.</summary>
static class ListeningAddress
{
    const string Public = "ASPNETCORE_URLS", Management = "Management__Url";

    /// <exception cref="StartupException">One is no address, another program listens there, or both are the
    /// same.</exception>
    public static void Check(string urls, string management)
    {
        RefuseTaken(urls, Public);
        RefuseTaken(management, Management);
        foreach (var url in Each(urls))
            foreach (var own in Each(management))
                if (AreTheSame(BindingAddress.Parse(url), BindingAddress.Parse(own)))
                    throw new StartupException($"{Management}: {own} is the server's own address ({Public}: {url}). "
                        + "Give the management address another port.");
    }

    static bool AreTheSame(BindingAddress one, BindingAddress other) =>
        one.Port == other.Port && one.Port != 0 && EndPoint(one) is { } first && EndPoint(other) is { } second
        && (first.Equals(second) || IsAny(first) || IsAny(second));

    static bool IsAny(IPEndPoint endpoint) =>
        endpoint.Address.Equals(IPAddress.Any) || endpoint.Address.Equals(IPAddress.IPv6Any);

    static string[] Each(string urls) =>
        urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    static void RefuseTaken(string urls, string setting)
    {
        foreach (var url in Each(urls))
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

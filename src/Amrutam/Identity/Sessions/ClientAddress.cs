using System.Net;
using System.Net.Sockets;

namespace Amrutam.Identity.Sessions;

/// <summary>The network of the client: a narrow one for rate limits, and a wider one that is stored and
/// shown.</summary>
static class ClientAddress
{
    /// <summary>One IPv4 address or an IPv6 /64, which is the usual assignment of a subscriber.</summary>
    public static string Counted(HttpContext http) => Network(http, ipv4Bits: 32, ipv6Bits: 64);

    /// <summary>An IPv4 /24 or an IPv6 /48: a person recognises it, and it identifies no household.</summary>
    public static string Shown(HttpContext http) => Network(http, ipv4Bits: 24, ipv6Bits: 48);

    static string Network(HttpContext http, int ipv4Bits, int ipv6Bits)
    {
        if (http.Connection.RemoteIpAddress is not { } address) return "unknown";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bits = address.AddressFamily == AddressFamily.InterNetwork ? ipv4Bits : ipv6Bits;
        var bytes = address.GetAddressBytes();
        for (var bit = bits; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(bytes), bits).ToString();
    }
}

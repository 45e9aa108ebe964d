using System.Net;
using System.Net.Sockets;

namespace Amrutam.Identity.SignIn;

/// <summary>Who asks, as far as the network tells: the unit that is counted, and the wider one that is kept and
/// shown.</summary>
static class ClientAddress
{
    /// <summary>One IPv4 address, or an IPv6 /64, because that is what one subscriber is given.</summary>
    public static string Counted(HttpContext http) => Network(http, ipv4Bits: 32, ipv6Bits: 64);

    /// <summary>Roughly where from: enough for a person to recognise, too little to find a household.</summary>
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

using System.ComponentModel.DataAnnotations;
using System.Net;
using Amrutam.Platform.Idempotency;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Amrutam.Platform.Http;

/// <summary>The settings of HTTP (section <c>Http</c>). Lists are separated by commas.</summary>
sealed class HttpSettings
{
    // Two hours is the most that Chromium keeps a preflight.
    static readonly TimeSpan PreflightAge = TimeSpan.FromHours(2);

    // A connection may stall for a moment, as a phone's between two cells.
    static readonly TimeSpan RateGrace = TimeSpan.FromSeconds(5);

    /// <summary>Origins whose pages may call the API, as <c>https://app.example.org</c>; none by default.</summary>
    public string AllowedOrigins { get; init; } = "";

    /// <summary>Addresses or networks (<c>10.0.0.0/8</c>) of the proxies whose X-Forwarded-For is trusted; none by
    /// default.</summary>
    public string TrustedProxies { get; init; } = "";

    /// <summary>How many seconds the server reports "not ready" and still answers before it stops.</summary>
    [Range(0, 25)]
    public int DrainSeconds { get; init; }

    /// <summary>The longest time in seconds that memory answers a public list while no change is announced. With 0 each
    /// request reads the database.</summary>
    [Range(0, 60)]
    public int ListsKeptSeconds { get; init; } = 10;

    /// <summary>Open connections of all clients. One more is closed at once. Idle ones cost some kilobytes.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>The least rate of a request's body, averaged after the first seconds; 0 asks for none.</summary>
    [Range(0, int.MaxValue)]
    public int MinBodyBytesPerSecond { get; init; } = 1024;

    /// <summary>The longest time of a request's body. The largest body, 128 KiB, needs 4.3 kB a second.</summary>
    [Range(1, 3600)]
    public int MaxBodySeconds { get; init; } = 30;

    /// <summary>The least rate at which a client takes its answer, averaged after the first seconds; 0 asks for
    /// none.</summary>
    [Range(0, int.MaxValue)]
    public int MinResponseBytesPerSecond { get; init; } = 1024;

    /// <summary>The longest time in which a client takes a large answer, as an export.</summary>
    [Range(1, 3600)]
    public int MaxResponseSeconds { get; init; } = 300;

    /// <summary>Sets the limits of connections and rates.</summary>
    public void Limit(KestrelServerLimits limits)
    {
        limits.MaxConcurrentConnections = MaxConnections;
        limits.MinRequestBodyDataRate = Rate(MinBodyBytesPerSecond);
        limits.MinResponseDataRate = Rate(MinResponseBytesPerSecond);
    }

    static MinDataRate? Rate(int bytesPerSecond) => bytesPerSecond == 0 ? null : new(bytesPerSecond, RateGrace);

    /// <summary>The allowed origins as a list.</summary>
    /// <exception cref="StartupException">One is not an origin.</exception>
    public string[] Origins() => [.. List(AllowedOrigins).Select(Origin)];

    public CorsPolicy Cors() => new CorsPolicyBuilder(Origins())
        .WithMethods("GET", "POST", "PUT", "PATCH", "DELETE")
        .WithHeaders("Authorization", "Content-Type", "If-Match", "If-None-Match", IdempotencyKey.Header)
        .WithExposedHeaders("ETag", "Location", "Retry-After", IdempotencyKey.ReplayedHeader)
        .SetPreflightMaxAge(PreflightAge).Build();

    /// <summary>Null if no proxy is trusted. Then any client could invent a forwarded address.</summary>
    public ForwardedHeadersOptions? Proxies()
    {
        if (TrustedProxies.Length == 0) return null;
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            // The chain is followed through known proxies. The first unknown address is the client.
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in List(TrustedProxies).Select(Network)) options.KnownIPNetworks.Add(network);
        return options;
    }

    static string[] List(string text) =>
        text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    static string Origin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            && uri.GetLeftPart(UriPartial.Authority) == text
            ? text
            : throw new StartupException(
                $"Setting Http__AllowedOrigins: '{text}' is not an origin, as https://app.example.org");

    static System.Net.IPNetwork Network(string text) =>
        IPAddress.TryParse(text, out var address) ? new(address, address.GetAddressBytes().Length * 8)
        : System.Net.IPNetwork.TryParse(text, out var network) ? network
        : throw new StartupException(
            $"Setting Http__TrustedProxies: '{text}' is neither an address nor a network, as 10.0.0.0/8");
}

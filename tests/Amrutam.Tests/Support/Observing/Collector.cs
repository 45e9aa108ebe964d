using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Support.Observing;

/// <summary>A received span.</summary>
sealed record ReceivedSpan(string TraceId, string SpanId, string ParentId, string Scope, string Name,
    IReadOnlyDictionary<string, string> Tags, int Links);

/// <summary>A collector that takes OTLP over HTTP in protobuf and reads the parts that the tests need.</summary>
sealed class Collector : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly WebApplication _app;
    readonly ConcurrentQueue<(string Path, byte[] Body)> _received = new();

    Collector(WebApplication app) => _app = app;

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!
        .Addresses.First();

    public static async Task<Collector> Start()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var collector = new Collector(builder.Build());
        collector._app.Run(collector.Receive);
        await collector._app.StartAsync();
        return collector;
    }

    async Task Receive(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        if (http.Request.ContentType != "application/x-protobuf") http.Response.StatusCode = 415;
        else _received.Enqueue((http.Request.Path.Value!, body.ToArray()));
    }

    /// <summary>The concatenation of every received text.</summary>
    public string Everything => string.Join('\n', _received.Select(r => Encoding.Latin1.GetString(r.Body)));

    public IReadOnlyList<ReceivedSpan> Spans => [.. Bodies("/v1/traces").SelectMany(body => body.All(1))
        .SelectMany(ofResource => ofResource.All(2))
        .SelectMany(ofScope => ofScope.All(2).Select(span => Read(span, ofScope.All(1).First().Text(1))))];

    public IReadOnlyList<string> Metrics => [.. Bodies("/v1/metrics").SelectMany(body => body.All(1))
        .SelectMany(ofResource => ofResource.All(2)).SelectMany(ofScope => ofScope.All(2)).Select(m => m.Text(1))
        .Distinct(StringComparer.Ordinal)];

    /// <summary>Waits until the received data contain the wanted part.</summary>
    public async Task<T> Until<T>(Func<Collector, T?> wanted) where T : class
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (wanted(this) is { } found) return found;
            if (TimeProvider.System.GetElapsedTime(began) > Patience)
                Assert.Fail("not received; only: " + string.Join(", ", Spans.Select(s => s.Name).Distinct()));
            await Task.Delay(50);
        }
    }

    IEnumerable<Protobuf> Bodies(string path) => _received.Where(r => r.Path == path).Select(r => new Protobuf(r.Body));

    static ReceivedSpan Read(Protobuf span, string scope) => new(span.Hex(1), span.Hex(2), span.Hex(4), scope,
        span.Text(5), span.All(9).ToDictionary(tag => tag.Text(1), tag => tag.All(2).First().Text(1),
            StringComparer.Ordinal), span.All(13).Count());

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>A message in protobuf's wire format: the numbered fields that have a length.</summary>
sealed class Protobuf
{
    const int Varint = 0, EightBytes = 1, Length = 2, FourBytes = 5;

    readonly List<(int Number, byte[] Value)> _fields = [];

    public Protobuf(byte[] message)
    {
        for (var at = 0; at < message.Length;)
        {
            var key = ReadVarint(message, ref at);
            switch ((int)(key & 7))
            {
                case Varint: ReadVarint(message, ref at); break;
                case EightBytes: at += sizeof(long); break;
                case FourBytes: at += sizeof(int); break;
                case Length:
                    var length = (int)ReadVarint(message, ref at);
                    _fields.Add(((int)(key >> 3), message[at..(at + length)]));
                    at += length;
                    break;
                default: throw new InvalidDataException("not protobuf");
            }
        }
    }

    public IEnumerable<Protobuf> All(int number) =>
        _fields.Where(f => f.Number == number).Select(f => new Protobuf(f.Value));

    public string Text(int number) => Encoding.UTF8.GetString(Bytes(number));

    public string Hex(int number) => Convert.ToHexStringLower(Bytes(number));

    byte[] Bytes(int number) => _fields.FirstOrDefault(f => f.Number == number).Value ?? [];

    static ulong ReadVarint(ReadOnlySpan<byte> from, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var part = from[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }
    }
}

using System.Diagnostics;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Attacks.Floods;

/// <summary>Clients open connections and send next to nothing, to keep what the server holds for each.</summary>
public sealed class SlowSenderTests(TestCluster cluster)
{
    // Far below the nine minutes of the attack, and enough for a busy machine.
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    const string Chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
        OfKnownLength = "Content-Type: application/json\r\nContent-Length: 100000\r\n";

    [Theory]
    [InlineData("--Http:MaxBodySeconds=1", "--Http:MinBodyBytesPerSecond=0", OfKnownLength, "")]
    [InlineData("--Http:MaxBodySeconds=1", "--Http:MinBodyBytesPerSecond=0", Chunked, "186A0\r\n")]
    [InlineData("--Http:MaxBodySeconds=600", "--Http:MinBodyBytesPerSecond=1024", OfKnownLength, "")]
    [InlineData("--Http:MaxBodySeconds=600", "--Http:MinBodyBytesPerSecond=1024", Chunked, "186A0\r\n")]
    public async Task A_body_that_arrives_too_slowly_ends_with_408(string longest, string rate, string headers,
        string begin)
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(), longest, rate);
        using var sender = await RawConnection.Open(server.Address);
        var began = Stopwatch.GetTimestamp();
        await sender.Send("PATCH", "/api/me", (await server.User("patient")).Http, headers);
        await sender.Send(begin + "{");
        var sending = sender.Trickle();
        var answer = await sender.Read(4096);
        answer.ShouldStartWith("HTTP/1.1 408");
        answer.ShouldContain("body_too_slow");
        await sending;
        Stopwatch.GetElapsedTime(began).ShouldBeLessThan(Soon);
        (await (await server.User("patient")).Http.Patch("/api/me", new { full_name = "Asha" })).Is(200);
    }

    [Fact]
    public async Task A_connection_above_the_limit_is_closed_and_one_that_is_free_again_is_not()
    {
        const int Most = 20;
        await using var server = await TestServer.Start(await cluster.NewDatabase(), $"--Http:MaxConnections={Most}");
        var open = new List<RawConnection>();
        for (var n = 0; n < Most; n++) open.Add(await Answered(server, "HTTP/1.1 200"));
        (await Answered(server, "")).Dispose();
        open[0].Dispose();
        await Waiting.Until(async () =>
        {
            using var next = await Ask(server);
            return (await next.Read()).StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
        });
        open.ForEach(connection => connection.Dispose());
    }

    static async Task<RawConnection> Answered(TestServer server, string start)
    {
        var connection = await Ask(server);
        var answer = await connection.Read();
        if (start.Length == 0) answer.ShouldBeEmpty();
        else answer.ShouldStartWith(start);
        return connection;
    }

    static async Task<RawConnection> Ask(TestServer server)
    {
        var connection = await RawConnection.Open(server.Address);
        try
        {
            await connection.Send("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        catch (IOException)
        {
            // Closed before the request was sent.
        }
        return connection;
    }
}

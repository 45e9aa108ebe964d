using System.Globalization;
using Amrutam.Platform.Operations;
using Amrutam.Platform.Telemetry;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Support.Observing;

/// <summary>The series of a server's <c>/metrics</c>.</summary>
static class Metrics
{
    public static async Task<string> Scrape(this TestServer server)
    {
        using var operators = new HttpClient
        {
            BaseAddress = new(server.App.Services.GetRequiredService<ManagementServer>().Address!)
        };
        var reply = (await operators.Get("/metrics")).Is(200);
        reply.Header("Content-Type").ShouldBe("text/plain; version=0.0.4; charset=utf-8");
        return reply.Text;
    }

    /// <summary>The value of one series after every gauge was polled.</summary>
    /// <param name="series">The name with its labels, as in the text.</param>
    public static async Task<double> Reading(this TestServer server, string series)
    {
        await server.App.Services.GetRequiredService<PolledGauges>().Look(CancellationToken.None);
        return Of(await server.Scrape(), series) ?? throw new ShouldAssertException(series + " is not there");
    }

    /// <summary>The value of one series in a scraped text; null if the series is absent.</summary>
    public static double? Of(string scraped, string series) => scraped.Split('\n')
        .SingleOrDefault(line => line.StartsWith(series + ' ', StringComparison.Ordinal)) is { } line
            ? double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture) : null;
}

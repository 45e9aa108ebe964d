using System.Globalization;
using Amrutam.Platform.Operations;
using Amrutam.Platform.Telemetry;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Support.Observing;

/// <summary>What a server says of itself at <c>/metrics</c>.</summary>
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

    /// <summary>What one series is at, after everything was asked anew.</summary>
    /// <param name="series">Its name with its labels, as it is written there.</param>
    public static async Task<double> Reading(this TestServer server, string series)
    {
        await server.App.Services.GetRequiredService<PolledGauges>().Look(CancellationToken.None);
        return Of(await server.Scrape(), series) ?? throw new ShouldAssertException(series + " is not there");
    }

    /// <summary>What one series is at in a scraped text; null when it is not there.</summary>
    public static double? Of(string scraped, string series) => scraped.Split('\n')
        .SingleOrDefault(line => line.StartsWith(series + ' ', StringComparison.Ordinal)) is { } line
            ? double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture) : null;
}

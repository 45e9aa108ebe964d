using System.Net;
using System.Net.Sockets;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.Telemetry;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Npgsql;

namespace Amrutam.Platform.Operations;

/// <summary>The address of metrics and detailed health (section <c>Management</c>).</summary>
sealed class ManagementSettings
{
    public const string DefaultUrl = "http://127.0.0.1:9464";

    /// <summary>An address apart from the public one; empty for none.</summary>
    public string Url { get; init; } = DefaultUrl;

    /// <summary>Names with a dot by which the address may be asked, separated by commas; none by default.</summary>
    public string AllowedHosts { get; init; } = "";

    /// <summary>Whether a request to this host is answered: an IP address, a name without a dot, or an allowed
    /// name.</summary>
    /// <remarks>A page on the Internet can make its reader's browser ask this address, under a name that the page's
    /// author lets point here (DNS rebinding). Such a name is registered, so it has a dot.</remarks>
    public bool Allows(string host) => !host.Contains('.', StringComparison.Ordinal) || IPAddress.TryParse(host, out _)
        || AllowedHosts.Split(',', StringSplitOptions.TrimEntries).Contains(host, StringComparer.OrdinalIgnoreCase);
}

/// <summary>A page of the management address. It gets the server's services, not its own.</summary>
sealed record ManagementPage(Action<IEndpointRouteBuilder, IServiceProvider> Map);

/// <summary>A part of the server and its state, for the detailed health.</summary>
sealed record HealthPart(string Name, Func<IServiceProvider, CancellationToken, Task<object?>> Read);

/// <summary>A second, small server whose pages only the operator may see.</summary>
/// <remarks>It is not a host filter on the public server, because a caller chooses the Host header but not the
/// socket.</remarks>
sealed class ManagementServer(IServiceProvider services, ManagementSettings settings, IEnumerable<ManagementPage> pages)
    : IHostedService
{
    WebApplication? _app;

    /// <summary>The address that it listens on now; null if it does not listen.</summary>
    public string? Address =>
        _app?.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First();

    public async Task StartAsync(CancellationToken ct)
    {
        if (settings.Url.Length == 0) return;
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o => o.AddServerHeader = false).UseUrls(settings.Url);
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.UseMiddleware<HeadRequests>();
        app.Use(RefuseOtherHosts);
        app.UseRouting();
        foreach (var page in pages) page.Map(app, services);
        try
        {
            await app.StartAsync(ct);
            _app = app;
        }
        catch (Exception e) when (e is IOException or SocketException or FormatException or InvalidOperationException)
        {
            await app.DisposeAsync();
            throw new StartupException($"Management__Url: {settings.Url} cannot be listened on: {e.Message}", e);
        }
    }

    Task RefuseOtherHosts(HttpContext http, RequestDelegate next)
    {
        if (settings.Allows(http.Request.Host.Host)) return next(http);
        http.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken ct)
    {
        if (_app is null) return;
        await _app.StopAsync(ct);
        await _app.DisposeAsync();
    }

    /// <summary>Writes the state of each part. If a part fails, its entry has the failure, and the others are still
    /// there.</summary>
    public static async Task WriteHealth(IServiceProvider services, HttpContext http)
    {
        var parts = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var part in services.GetServices<HealthPart>())
            parts[part.Name] = await Read(part, services, http.RequestAborted);
        await http.Response.WriteAsJsonAsync(parts, Json.Options, http.RequestAborted);
    }

    /// <summary>Writes which build this is. The public address does not: a version helps only an attacker
    /// there.</summary>
    public static Task WriteLiveness(IServiceProvider services, HttpContext http)
    {
        // The build appends the commit, if it knows it.
        var parts = TelemetrySetup.Version.Split('+', 2);
        var uptime = Math.Round(Health.Uptime(services.GetRequiredService<TimeProvider>()).TotalSeconds, 3);
        var build = new { status = "OK", uptime, version = parts[0], commit = parts.ElementAtOrDefault(1) };
        return http.Response.WriteAsJsonAsync(build, Json.Options, http.RequestAborted);
    }

    public static async Task<object?> ReadDatabase(IServiceProvider services, CancellationToken ct) =>
        new { answers = await services.GetRequiredService<DatabaseProbe>().Answers(ct) };

    public static Task<object?> ReadInvariants(IServiceProvider services, CancellationToken ct) =>
        Task.FromResult<object?>(services.GetRequiredService<SweepInvariants>().Latest);

    static async Task<object?> Read(HealthPart part, IServiceProvider services, CancellationToken ct)
    {
        try
        {
            return await part.Read(services, ct);
        }
        catch (NpgsqlException e)
        {
            return new { failed = e.GetType().Name };
        }
    }
}

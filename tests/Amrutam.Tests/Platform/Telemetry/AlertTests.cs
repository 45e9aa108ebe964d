using System.Text.Json;
using System.Text.RegularExpressions;
using Amrutam.Platform.Telemetry;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Amrutam.Tests.Platform.Telemetry;

/// <summary>The alert rules and the dashboard: valid, consistent with the exported metrics, and seen to fire.</summary>
public sealed partial class AlertTests(TestCluster cluster, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Rules = "deploy/prometheus/amrutam.rules.yml", Dashboard = "deploy/grafana/amrutam.json",
        Guide = "docs/operations.md";

    // The machine may be busy with other tests.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Prometheus_own_tool_has_nothing_against_the_rules() =>
        (await Prometheus.Objection(null, "check", "rules", Tree.Path(Rules))).ShouldBeNull();

    [Fact]
    public async Task Each_alert_fires_in_its_case_and_not_beside_it() =>
        (await Prometheus.Objection(null, "test", "rules", Tree.Path("deploy/prometheus/amrutam.rules.test.yml")))
            .ShouldBeNull();

    [Fact]
    public void Each_alert_is_tried_by_a_case_and_has_its_place_in_the_operators_guide()
    {
        var headings = Tree.Lines(Guide).Where(l => l.StartsWith('#')).Select(l => l.TrimStart('#', ' ')).ToList();
        var alerts = Alert().Matches(File.ReadAllText(Tree.Path(Rules)))
            .Select(m => (Name: m.Groups["name"].Value, Page: m.Groups["page"].Value)).ToList();
        alerts.Count.ShouldBeGreaterThan(10);
        alerts.Where(a => a.Page != $"{Guide}#{a.Name.ToLowerInvariant()}").ShouldBeEmpty();
        alerts.Where(a => !headings.Contains(a.Name)).ShouldBeEmpty();
        Alerts(Rules, "labels:").Except(Alerts("deploy/prometheus/amrutam.rules.test.yml", "- exp_labels:"))
            .ShouldBeEmpty("these never fire in a case");
    }

    [Fact]
    public void The_dashboard_shows_each_metric_of_an_alert()
    {
        var shown = Measured(Dashboard);
        Measured(Rules).Count.ShouldBeGreaterThan(10);
        Measured(Rules).Where(metric => !shown.Contains(metric)).ShouldBeEmpty();
    }

    /// <summary>A booking that cannot be moved or cancelled is as bad as one that cannot be made.</summary>
    [Fact]
    public void The_promise_is_of_every_route_that_makes_or_changes_a_booking()
    {
        var promised = new Regex("^(" + Promised().Match(File.ReadAllText(Tree.Path(Rules))).Groups["routes"].Value
            + ")$", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        var changing = ((IEndpointRouteBuilder)fixture.Server.App).DataSources.SelectMany(s => s.Endpoints)
            .OfType<RouteEndpoint>()
            .Where(r => r.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") == true)
            .Select(r => r.RoutePattern.RawText!).ToList();
        changing.Where(route => promised.IsMatch(route)).Order().ShouldBe(changing
            .Where(route => route.StartsWith("/api/bookings", StringComparison.Ordinal)
                || route == "/api/waitlist/{id:guid}/acceptance").Order());
        changing.Count(route => promised.IsMatch(route)).ShouldBeGreaterThan(8);
    }

    /// <summary>A server process, and a Prometheus with the shipped rules and shorter times.</summary>
    [Fact]
    public async Task A_transaction_left_open_raises_the_readers_alert_and_its_end_clears_it()
    {
        var database = await cluster.NewDatabase();
        var (port, management) = (Ports.Next(), Ports.Next());
        var checkpoints = Directory.CreateTempSubdirectory("amrutam-checkpoints-");
        using var server = ServerProcess.Start("serve", port, ("ConnectionStrings__Amrutam", database.App),
            ("ConnectionStrings__Owner", database.Owner), ("Management__Url", $"http://127.0.0.1:{management}"),
            ("Telemetry__LookSeconds", "1"), ("Audit__CheckpointFolder", checkpoints.FullName));
        await server.IsReady();
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        using var prometheus = await RunningPrometheus.Start(management, File.ReadAllText(Tree.Path(Rules))
            .Replace("amrutam_reader_lag_seconds > 60", "amrutam_reader_lag_seconds > 2", StringComparison.Ordinal)
            .Replace("for: 1m", "for: 1s", StringComparison.Ordinal));
        try
        {
            await prometheus.Until("""up{job="amrutam"} == 1""", holds: true, Patience);
            await EveryMetricOfRulesAndDashboardIsThere(prometheus);
            await NoLabelSaysWhoOrWhere(management);
            await prometheus.Until(Firing, holds: false, Patience);
            await using (var open = await owner.OpenConnectionAsync())
            {
                await using var transaction = await open.BeginTransactionAsync();
                await open.Append("tests.began", "test", null);
                await owner.Append("tests.waited", "test", null);
                await prometheus.Until(Firing, holds: true, Patience);
                await transaction.CommitAsync();
            }
            await prometheus.Until(Firing, holds: false, Patience);
        }
        finally
        {
            await server.Kill();
            checkpoints.Delete(recursive: true);
        }
    }

    const string Firing = """ALERTS{alertname="ReaderBehind", alertstate="firing", amrutam_reader_name="analytics"}""";

    /// <summary>The query goes to Prometheus, because Prometheus scrapes another format than a browser gets.</summary>
    static async Task EveryMetricOfRulesAndDashboardIsThere(RunningPrometheus prometheus)
    {
        var asked = new[] { Rules, Dashboard }.SelectMany(Measured).Distinct(StringComparer.Ordinal)
            .Except(OnlyOnceTheyHappen).ToList();
        asked.Count.ShouldBeGreaterThan(20);
        foreach (var name in asked) await prometheus.Until(name, holds: true, Patience);
    }

    /// <summary>Reads a server process, which has no pools and counts of other tests.</summary>
    static async Task NoLabelSaysWhoOrWhere(int management)
    {
        using var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{management}") };
        var values = Value().Matches((await http.Get("/metrics")).Is(200).Text)
            .Select(m => m.Groups["value"].Value).ToList();
        values.Count.ShouldBeGreaterThan(50);
        values.Where(Identifies).ShouldBeEmpty();
    }

    // These appear with a booking, a sign-in, a refusal or a wait for a connection. MetricsTests sees each of them.
    static readonly string[] OnlyOnceTheyHappen = ["amrutam_bookings_total", "amrutam_sign_ins_total",
        "amrutam_limit_rejections_total", "amrutam_problems_total", "amrutam_batch_size_bucket",
        "amrutam_batch_wait_seconds_bucket", "db_client_connection_npgsql_pending_requests"];

    /// <summary>The alerts of a file, with their windows where there are several.</summary>
    /// <remarks>Of the rules every alert counts, of the cases every alert that fires.</remarks>
    static List<string> Alerts(string file, string labels)
    {
        var (found, name) = (new List<string>(), "");
        foreach (var line in Tree.Lines(file))
        {
            if (Named().Match(line) is { Success: true } named) name = named.Groups["name"].Value;
            if (Sample().Match(line) is { Success: true } sample) found.Add(sample.Groups["name"].Value);
            if (line.TrimStart().StartsWith(labels, StringComparison.Ordinal))
                found.Add((name + ' ' + Window().Match(line).Groups["window"].Value).Trim());
        }
        found.Count.ShouldBeGreaterThan(10);
        return found;
    }

    static HashSet<string> Measured(string file) => Metric().Matches(Expressions(file)).Select(m => m.Value)
        .Except(MetricAllowList.Labels.Select(l => l.Replace('.', '_'))).ToHashSet(StringComparer.Ordinal);

    /// <summary>Whether a label's value could identify a person or a place: an address, an id, a connection
    /// string.</summary>
    static bool Identifies(string value) => value.Contains('@', StringComparison.Ordinal)
        || value.Contains("Host=", StringComparison.Ordinal) || Identifier().IsMatch(value);

    static string Expressions(string file)
    {
        if (file != Dashboard) return File.ReadAllText(Tree.Path(file));
        using var json = JsonDocument.Parse(File.ReadAllText(Tree.Path(file)));
        return string.Join('\n', json.RootElement.GetProperty("panels").EnumerateArray()
            .Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()));
    }

    [GeneratedRegex(@"- alert: (?<name>\w+)\n(.*\n)*?\s+runbook_url: (?<page>\S+)", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Alert();

    [GeneratedRegex(@"\balert(name)?: (?<name>\w+)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Named();

    [GeneratedRegex(@"labels: '\{alertname=""(?<name>\w+)"".*value: [1-9]", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sample();

    [GeneratedRegex(@"window: (?<window>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Window();

    [GeneratedRegex(@"http_route=~""(?<routes>[^""]+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Promised();

    [GeneratedRegex(@"(?<![\w:.])((amrutam|http|db|dotnet|process|kestrel)_\w+|up(?=\{))", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Metric();

    [GeneratedRegex("=\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Value();

    [GeneratedRegex(@"[0-9a-f]{8}-[0-9a-f]{4}|\d+\.\d+\.\d+\.\d+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Identifier();
}

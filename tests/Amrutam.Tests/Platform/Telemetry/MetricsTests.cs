using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Amrutam.Platform.Data;
using Amrutam.Platform.Telemetry;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Platform.Telemetry;

/// <summary>The series of <c>/metrics</c>. None identifies a person.</summary>
public sealed partial class MetricsTests(TestCluster cluster, ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const int Few = 4;
    TestServer Server => fixture.Server;

    [Fact]
    public async Task Prometheus_own_tool_has_nothing_against_them()
    {
        await MakeSomethingHappen();
        (await Prometheus.Objection(await Scrape(), "check", "metrics")).ShouldBeNull();
    }

    [Fact]
    public async Task Everything_that_alerts_and_the_dashboard_need_is_there()
    {
        const string AJob =
            """amrutam_job_duration_seconds_count{amrutam_job_name="make_partitions",outcome="succeeded"} """;
        await MakeSomethingHappen();
        // Jobs begin half a second after the server first answers.
        var text = await Waiting.First(Scrape, scraped => scraped.Contains(AJob, StringComparison.Ordinal));
        foreach (var series in new[]
        {
            """http_server_request_duration_seconds_count{http_request_method="POST","""
                + """http_response_status_code="201",http_route="/api/bookings/"} """,
            """amrutam_bookings_total{outcome="booked"} """, """amrutam_bookings_total{outcome="not_found"} """,
            """amrutam_batch_size_count{amrutam_batch_name="bookings"} """,
            """amrutam_batch_wait_seconds_count{amrutam_batch_name="bookings"} """,
            """db_client_connections{db_client_connection_pool_name="amrutam",db_client_connection_state="used"} """,
            """db_client_connection_max{db_client_connection_pool_name="amrutam"} 32""",
            """db_client_operation_duration_seconds_count{db_client_connection_pool_name="amrutam"} """,
            """amrutam_reader_lag_seconds{amrutam_reader_name="analytics"} """,
            """amrutam_reader_parked{amrutam_reader_name="analytics"} 0""",
            """amrutam_mail_parked{amrutam_mail_reason="recipient_refused"} 0""",
            """amrutam_messages_oldest_due_seconds{} """,
            """amrutam_sign_ins_total{outcome="invalid_credentials"} """,
            """amrutam_problems_total{amrutam_problem_code="not_found"} """,
            AJob, """amrutam_job_since_success_seconds{amrutam_job_name="make_partitions"} """,
            """amrutam_job_interval_seconds{amrutam_job_name="make_partitions"} 43200""",
            """amrutam_audit_partitions_ahead{} 3""", """amrutam_database_up{} 1""",
            """amrutam_clock_offset_seconds{} """,
            """dotnet_process_cpu_time_seconds_total{cpu_mode="user"} """,
            """dotnet_process_memory_working_set_bytes{} """,
            """dotnet_gc_collections_total{gc_heap_generation="gen0"} """, """amrutam_thread_pool_threads{} """,
            """amrutam_build_info{process_runtime_version=""", """process_uptime_seconds{} """,
        })
            text.Contains('\n' + series, StringComparison.Ordinal).ShouldBeTrue(series + " is not among\n"
                + string.Join('\n', text.Split('\n')
                    .Where(line => line.StartsWith(series.Split('{', ' ')[0], StringComparison.Ordinal))));
    }

    [Fact]
    public async Task A_wait_for_a_connection_is_counted()
    {
        const string Pending =
            """db_client_connection_npgsql_pending_requests{db_client_connection_pool_name="amrutam"}""";
        await using var server =
            await TestServer.Start(await cluster.NewDatabase(), $"--Database:MaxConnections={Few}");
        var held = await server.HoldConnections(Few);
        var asked = server.Anonymous().Get("/health/ready");
        await Waiting.Until(async () => Metrics.Of(await server.Scrape(), Pending) > 0);
        foreach (var connection in held) await connection.DisposeAsync();
        await asked;
        await Waiting.Until(async () => Metrics.Of(await server.Scrape(), Pending) is 0);
    }

    [Fact]
    public async Task Different_callers_paths_ids_and_methods_are_the_same_few_series()
    {
        await MakeSomethingHappen();
        var client = Server.Anonymous();
        async Task Ask(int n)
        {
            await client.Get($"/api/doctors/{Guid.CreateVersion7()}");
            await client.Get($"/nowhere/{n}");
            await client.Send(new("WORD" + n), "/api/doctors");
            await (await Server.User("patient")).Http.Post("/api/bookings", new { slot_id = Guid.CreateVersion7() });
        }
        await Ask(0);
        var before = Series(await Scrape());
        for (var n = 1; n < 50; n++) await Ask(n);
        // Other tests of this process share the static meters. The HTTP meters belong to one server.
        Series(await Scrape()).Except(before).Where(s => s.StartsWith("http_", StringComparison.Ordinal))
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task A_label_is_on_the_list()
    {
        await MakeSomethingHappen();
        var known = MetricAllowList.Labels.Select(l => l.Replace('.', '_')).Append("le").ToList();
        var used = Label().Matches(await Scrape()).Select(m => m.Groups["key"].Value).Distinct().ToList();
        used.Count.ShouldBeGreaterThan(8);
        used.Except(known).ShouldBeEmpty();
    }

    [Fact]
    public async Task Measuring_a_request_and_its_place_in_a_batch_allocates_nothing()
    {
        var meters = Server.App.Services.GetRequiredService<IMeterFactory>();
        var meter = new BatchMeter(meters, "tests");
        var duration = meters.Create("Microsoft.AspNetCore.Hosting")
            .CreateHistogram<double>("http.server.request.duration", "s", "Duration of HTTP server requests.");
        object status = 201;
        void Measure()
        {
            // The labels of a request as ASP.NET Core records them. Two of the five are not on the list.
            duration.Record(.003, new TagList
            {
                { "url.scheme", "http" }, { "http.request.method", "POST" }, { "network.protocol.version", "1.1" },
                { "http.response.status_code", status }, { "http.route", "/tests/allocation" },
            });
            meter.Waited(TimeSpan.FromMilliseconds(1));
        }
        for (var n = 0; n < 10_000; n++) Measure();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var n = 0; n < 10_000; n++) Measure();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(10_000, "a byte a request is nothing");
        (await Scrape()).ShouldContain(
            """http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="201","""
            + """http_route="/tests/allocation"} 20000""");
    }

    async Task MakeSomethingHappen()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var slot = (await doctor.Http.Post("/api/slots", new
        {
            starts_at = "2031-05-05T09:00:00Z", ends_at = "2031-05-05T09:30:00Z"
        })).Is(201);
        (await patient.Http.Post("/api/bookings", new { slot_id = slot.Id })).Is(201);
        (await patient.Http.Post("/api/bookings", new { slot_id = Guid.CreateVersion7() })).Is(404);
        (await patient.Http.Post("/api/auth/login", new { email = "nobody@example.org", password = "wrong" })).Is(401);
        await Server.App.Services.GetRequiredService<PolledGauges>().Look(CancellationToken.None);
    }

    /// <summary>The series without their values.</summary>
    static HashSet<string> Series(string text) =>
        [.. text.Split('\n').Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line[..line.LastIndexOf(' ')])];

    Task<string> Scrape() => Server.Scrape();

    [GeneratedRegex("[{,](?<key>[a-z_]+)=\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Label();
}

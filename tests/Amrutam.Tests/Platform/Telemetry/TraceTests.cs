using Amrutam.Platform.Data;
using Amrutam.Platform.Telemetry;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Platform.Telemetry;

/// <summary>A caller's trace: through the server into the database, back to the caller, and to a collector.</summary>
public sealed class TraceTests(TestCluster cluster) : IAsyncLifetime
{
    const string Parent = "00f067aa0ba902b7";

    Collector _collector = null!;
    TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _collector = await Collector.Start();
        _server = await TestServer.Start(await cluster.NewDatabase(), "--Telemetry:OtlpEndpoint=" + _collector.Address,
            "--Telemetry:TraceRatio=0", "--Telemetry:OtlpSeconds=1", "--Telemetry:LookSeconds=1");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _collector.DisposeAsync();
    }

    [Fact]
    public async Task A_bookings_trace_goes_from_its_caller_through_the_batch_to_the_statement_and_into_the_event()
    {
        var trace = NewTrace();
        var (patient, slot) = (await _server.User("patient"), await Slot());
        var reply = await patient.Http.Send(HttpMethod.Post, "/api/bookings", new { slot_id = slot },
            headers: ("traceparent", $"00-{trace}-{Parent}-01"));
        reply.Is(201);

        var (request, batch, statement) = await _collector.Until(c => Chain(c, trace));
        (request.ParentId, request.Name).ShouldBe((Parent, "POST /api/bookings/"));
        (request.Scope, batch.Scope, statement.Scope).ShouldBe(("Microsoft.AspNetCore", "Amrutam", "Npgsql"));
        request.Tags["http.route"].ShouldBe("/api/bookings/");
        statement.Tags["db.query.text"].ShouldContain("insert into scheduling.bookings");
        reply.Header("traceresponse").ShouldBe($"00-{trace}-{request.SpanId}-01");
        (await _server.Owner.Statement("select trace_id from audit.events where entity_id = $1").With(reply.Id)
            .Value<string>()).ShouldBe(trace);
    }

    static Tuple<ReceivedSpan, ReceivedSpan, ReceivedSpan>? Chain(Collector collector, string trace)
    {
        var spans = collector.Spans.Where(s => s.TraceId == trace).ToList();
        foreach (var statement in spans)
            if (spans.Find(b => b.SpanId == statement.ParentId && b.Name == "batch") is { } batch
                && spans.Find(r => r.SpanId == batch.ParentId) is { } request)
                return Tuple.Create(request, batch, statement);
        return null;
    }

    [Fact]
    public async Task A_problem_carries_the_callers_trace_id_and_one_that_is_not_a_trace_is_replaced()
    {
        var trace = NewTrace();
        var client = _server.Anonymous();
        (await client.Send(HttpMethod.Get, "/nowhere", headers: ("traceparent", $"00-{trace}-{Parent}-00")))
            .Is(404)["trace_id"].ShouldBe(trace);
        var own = (await client.Send(HttpMethod.Get, "/nowhere", headers: [("traceparent", "mine"),
            ("Request-Id", "|mine.1.")])).Is(404)["trace_id"];
        own.Length.ShouldBe(32);
        own.ShouldNotBe(new string('0', 32));
    }

    [Fact]
    public async Task A_request_is_traced_at_a_ratio_of_zero_only_if_its_caller_asks()
    {
        var (asked, unasked) = (NewTrace(), NewTrace());
        var patient = await _server.User("patient");
        (await patient.Http.Get("/api/bookings")).Is(200).Header("traceresponse").ShouldBeNull();
        await patient.Http.Send(HttpMethod.Get, "/api/bookings", headers: ("traceparent", $"00-{unasked}-{Parent}-00"));
        await patient.Http.Send(HttpMethod.Get, "/api/bookings", headers: ("traceparent", $"00-{asked}-{Parent}-01"));
        await _collector.Until(c => c.Spans.FirstOrDefault(s => s.TraceId == asked && s.Scope == "Npgsql"));
        _collector.Spans.ShouldNotContain(s => s.TraceId == unasked);
        _collector.Spans.ShouldAllBe(s => s.Scope != "Amrutam" || s.Name == "batch");
    }

    [Fact]
    public void A_collectors_address_that_is_none_stops_the_start() =>
        Should.Throw<StartupException>(() => new TelemetrySettings { OtlpEndpoint = "collector:4317" }
            .Collector("traces")).Message.ShouldStartWith("Setting Telemetry__OtlpEndpoint: 'collector:4317' is not");

    static string NewTrace() => Guid.CreateVersion7().ToString("N");

    async Task<Guid> Slot()
    {
        var doctor = await _server.Doctor();
        return (await doctor.Http.Post("/api/slots", new
        {
            starts_at = "2031-05-05T09:00:00Z", ends_at = "2031-05-05T09:30:00Z"
        })).Is(201).Id;
    }
}

/// <summary>A server that records every trace.</summary>
/// <remarks>Spans belong to the process. Other servers' spans would be recorded too and would reach another test's
/// collector.</remarks>
[Collection(nameof(EveryTraceTests))]
[CollectionDefinition(nameof(EveryTraceTests), DisableParallelization = true)]
public sealed class EveryTraceTests(TestCluster cluster)
{
    [Fact]
    public async Task Jobs_are_traced_with_their_statements_and_the_metrics_reach_the_collector_too()
    {
        await using var collector = await Collector.Start();
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--Telemetry:OtlpEndpoint=" + collector.Address, "--Telemetry:TraceRatio=1", "--Telemetry:OtlpSeconds=1");
        var job = await collector.Until(c => c.Spans.FirstOrDefault(s => s.Name == "make_partitions"));
        (job.Scope, job.ParentId).ShouldBe(("Amrutam", ""));
        await collector.Until(c => c.Spans.FirstOrDefault(s => s.ParentId == job.SpanId && s.Scope == "Npgsql"));
        (await server.Anonymous().Get("/health")).Is(200);
        await collector.Until(c => c.Metrics.Contains("amrutam.job.duration") ? c : null);
        await collector.Until(c => c.Metrics.Contains("http.server.request.duration") ? c : null);
    }
}

using System.Diagnostics;
using System.Text.Json;
using Amrutam.Platform.Operations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Amrutam.Tests.Platform.Operations;

/// <summary>The fields that a log line may have, and the texts that it may not.</summary>
public sealed class JsonLogTests
{
    const string Canary = "asha.rao@example.org";

    [Fact]
    public void A_line_is_one_JSON_object_with_the_fields_on_the_list()
    {
        using var request = new Activity("request").Start();
        var line = Line("{Method} {Route} {Status} {Ms} ms {TraceId} {Email}", null,
            ("Method", "GET"), ("Route", "/api/bookings/{id:guid}"), ("Status", 200), ("Ms", 1.5), ("TraceId",
                "abc"), ("Email", Canary));
        line.EnumerateObject().Select(m => m.Name)
            .ShouldBe(["ts", "level", "source", "trace_id", "method", "route", "status", "ms", "text"]);
        line.GetProperty("trace_id").GetString().ShouldBe(request.TraceId.ToHexString());
        line.GetProperty("status").GetInt32().ShouldBe(200);
        line.GetProperty("ms").GetDouble().ShouldBe(1.5);
        line.GetProperty("level").GetString().ShouldBe("info");
    }

    [Fact]
    public void A_callers_text_reaches_no_line_by_the_message_or_an_exception()
    {
        var failure = new InvalidOperationException("cannot read " + Canary, new FormatException(Canary));
        var line = Line("failed for {Who}", failure, ("Who", Canary));
        line.ToString().ShouldNotContain(Canary);
        line.GetProperty("causes").EnumerateArray().Select(c => c.GetProperty("type").GetString())
            .ShouldBe(["System.InvalidOperationException", "System.FormatException"]);
    }

    [Fact]
    public void A_librarys_fields_stay_out_of_it_under_any_name() =>
        Line("{Method} {Status}", null, "Microsoft.AspNetCore.Hosting", ("Method", Canary),
            ("Status", Canary)).ToString().ShouldNotContain(Canary);

    static JsonElement Line(string template, Exception? exception, params (string Key, object? Value)[] values) =>
        Line(template, exception, "Amrutam.Test", values);

    static JsonElement Line(string template, Exception? exception, string source,
        params (string Key, object? Value)[] values)
    {
        using var written = new StringWriter();
        List<KeyValuePair<string, object?>> state = [.. values.Select(v =>
                KeyValuePair.Create(v.Key, v.Value)), KeyValuePair.Create<string,
                    object?>("{OriginalFormat}", template)];
        var entry = new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(
            LogLevel.Information, source, 0, state, exception, (_, _) => "filled in: " + Canary);
        new JsonLog(TimeProvider.System).Write(entry, null, written);
        written.ToString().Count(c => c == '\n').ShouldBe(1);
        return JsonDocument.Parse(written.ToString()).RootElement;
    }
}

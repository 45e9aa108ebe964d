using System.Buffers;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Npgsql;

namespace Amrutam.Platform.Operations;

/// <summary>Log lines for machines: one JSON object each, with the message's constant text and the allowed
/// fields.</summary>
/// <remarks> The text is the template and not the filled-in message. Of an exception only type and stack are logged and
/// not the message. Both could contain data of a person. A value is logged only if the name of its field is on the
/// list. </remarks>
sealed class JsonLog(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "lines";
    const int MaxCauses = 4;

    /// <summary>The names of fields that may be logged. They describe an event, and never a person.</summary>
    public static readonly FrozenSet<string> Fields = new[]
    {
        "method", "route", "status", "ms", "address", "environment", "job", "reader", "part", "action",
        "count", "rows", "seconds", "attempt", "attempts", "position", "epoch", "lag", "batch", "limit", "port",
        "version", "migration", "rule", "seal", "broken", "step", "failure", "try",
    }.ToFrozenSet(StringComparer.Ordinal);

    // A library chooses its own names of fields. Its "method" is the caller's own text.
    static readonly FrozenSet<string> FieldsOfOthers =
        new[] { "address", "environment" }.ToFrozenSet(StringComparer.Ordinal);

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, TextWriter output)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var line = new Utf8JsonWriter(bytes, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            line.WriteStartObject();
            line.WriteString("ts", clock.GetUtcNow().UtcDateTime);
            line.WriteString("level", LevelName(entry.LogLevel));
            line.WriteString("source", entry.Category);
            if (Activity.Current is { } activity) line.WriteString("trace_id", activity.TraceId.ToHexString());
            if (entry.State is IReadOnlyList<KeyValuePair<string, object?>> values)
                WriteFields(line, values, IsOurs(entry.Category) ? Fields : FieldsOfOthers);
            if (entry.Exception is { } exception) WriteCauses(line, exception);
            line.WriteEndObject();
        }
        output.WriteLine(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    static bool IsOurs(string category) => category.StartsWith("Amrutam.", StringComparison.Ordinal);

    static void WriteFields(Utf8JsonWriter line, IReadOnlyList<KeyValuePair<string, object?>> values,
        FrozenSet<string> allowed)
    {
        foreach (var (key, value) in values)
        {
            var name = key == "{OriginalFormat}" ? "text" : JsonNamingPolicy.SnakeCaseLower.ConvertName(key);
            if (name != "text" && !allowed.Contains(name)) continue;
            line.WritePropertyName(name);
            if (value is int or long or double)
                line.WriteRawValue(string.Create(CultureInfo.InvariantCulture, $"{value}"));
            else line.WriteStringValue(value?.ToString());
        }
    }

    static void WriteCauses(Utf8JsonWriter line, Exception exception)
    {
        line.WriteStartArray("causes");
        var depth = 0;
        for (var cause = exception; cause is not null && depth < MaxCauses; cause = cause.InnerException, depth++)
        {
            line.WriteStartObject();
            line.WriteString("type", cause.GetType().FullName);
            if (cause is PostgresException postgres) line.WriteString("sql_state", postgres.SqlState);
            line.WriteString("stack", cause.StackTrace);
            line.WriteEndObject();
        }
        line.WriteEndArray();
    }

    static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        _ => level.ToString().ToLowerInvariant(),
    };
}

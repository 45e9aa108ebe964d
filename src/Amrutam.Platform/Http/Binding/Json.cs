using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using NodaTime;
using NodaTime.Text;

namespace Amrutam.Platform.Http.Binding;

/// <summary>The wall-clock time at which something ends. A request may say 24:00 for the midnight that ends the
/// day.</summary>
readonly record struct EndTime(LocalTime Value)
{
    public const string EndOfDay = "24:00";
}

/// <summary>The JSON of every request and response: snake_case, and strict for requests.</summary>
static class Json
{
    public static JsonSerializerOptions Options { get; } = Configure(new(JsonSerializerOptions.Strict));

    /// <summary>Adds compiled shapes. Reflection finds the shape of every other type when it is first used.</summary>
    public static void AddJson(this WebApplicationBuilder builder, IJsonTypeInfoResolver shapes) =>
        builder.Services.ConfigureHttpJsonOptions(o => o.SerializerOptions.TypeInfoResolverChain.Insert(0, shapes));

    /// <summary>Makes options strict: unknown or repeated members, other case, comments, trailing commas and wrong
    /// types are refused.</summary>
    public static JsonSerializerOptions Configure(JsonSerializerOptions o)
    {
        o.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        o.DictionaryKeyPolicy = null;
        o.PropertyNameCaseInsensitive = false;
        o.NumberHandling = JsonNumberHandling.Strict;
        o.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        o.AllowDuplicateProperties = false;
        o.RespectNullableAnnotations = true;
        o.RespectRequiredConstructorParameters = true;
        o.MaxDepth = 16;
        // Names in Indian scripts are sent unescaped. Characters that HTML could misread are escaped.
        o.Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);
        o.Converters.Add(new InstantJson());
        o.Converters.Add(new LocalDateJson());
        o.Converters.Add(new LocalTimeJson());
        o.Converters.Add(new EndTimeJson());
        return o;
    }

    /// <summary>An instant in RFC 3339. A request states its offset; a response is in UTC.</summary>
    sealed class InstantJson : JsonConverter<Instant>
    {
        public override Instant Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            Timestamp.Parse(reader.GetString()) ?? throw new JsonException(Timestamp.Rule);

        public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options) =>
            writer.WriteStringValue(InstantPattern.ExtendedIso.Format(value));
    }

    sealed class LocalDateJson : JsonConverter<LocalDate>
    {
        public override LocalDate Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            LocalDatePattern.Iso.Parse(reader.GetString() ?? "") is { Success: true, Value: var date }
                && TimeZones.InRange(date)
                ? date
                : throw new JsonException(QueryTime.Date);

        public override void Write(Utf8JsonWriter writer, LocalDate value, JsonSerializerOptions options) =>
            writer.WriteStringValue(LocalDatePattern.Iso.Format(value));
    }

    /// <summary>A wall-clock time to the minute, or to the second when it has any.</summary>
    sealed class LocalTimeJson : JsonConverter<LocalTime>
    {
        static readonly LocalTimePattern Minutes = LocalTimePattern.CreateWithInvariantCulture("HH:mm");
        static readonly LocalTimePattern Seconds = LocalTimePattern.CreateWithInvariantCulture("HH:mm:ss");

        public override LocalTime Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            Parse(reader.GetString() ?? "");

        public static LocalTime Parse(string text)
        {
            if (Minutes.Parse(text) is { Success: true, Value: var time }) return time;
            return Seconds.Parse(text) is { Success: true, Value: var precise }
                ? precise
                : throw new JsonException("must be a time of day, as 09:30");
        }

        public override void Write(Utf8JsonWriter writer, LocalTime value, JsonSerializerOptions options) =>
            writer.WriteStringValue(Format(value));

        public static string Format(LocalTime value) => (value.Second == 0 ? Minutes : Seconds).Format(value);
    }

    sealed class EndTimeJson : JsonConverter<EndTime>
    {
        public override EndTime Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.GetString() is { } text && text != EndTime.EndOfDay ? new(LocalTimeJson.Parse(text))
            : new(LocalTime.Midnight);

        public override void Write(Utf8JsonWriter writer, EndTime value, JsonSerializerOptions options) =>
            writer.WriteStringValue(LocalTimeJson.Format(value.Value));
    }
}

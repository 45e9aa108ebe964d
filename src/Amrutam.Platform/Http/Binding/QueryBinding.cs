using System.Diagnostics.CodeAnalysis;
using NodaTime;
using NodaTime.Text;

namespace Amrutam.Platform.Http.Binding;

/// <summary>A date in a query string, as 2026-11-22; anything else is a 400.</summary>
readonly record struct QueryDate(LocalDate Value)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out QueryDate date)
    {
        var parsed = LocalDatePattern.Iso.Parse(text ?? "");
        date = parsed.Success ? new(parsed.Value) : default;
        return parsed.Success && TimeZones.InRange(parsed.Value);
    }
}

/// <summary>An instant in a query string, in RFC 3339 with its offset; anything else is a 400.</summary>
readonly record struct QueryInstant(Instant Value)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out QueryInstant at)
    {
        // A plus sign that was not escaped arrives as a space.
        var parsed = Timestamp.Parse(text?.Replace(' ', '+'));
        at = new(parsed ?? default);
        return parsed is not null;
    }
}

static class QueryTime
{
    public const string Date = "must be a date that exists, as 2026-11-22";

    /// <param name="type">The name of a parameter's type, as <c>Nullable&lt;QueryInstant&gt;</c>.</param>
    /// <returns>The form that the parameter must have; null for all else.</returns>
    public static string? Wanted(string type) =>
        type.Contains(nameof(QueryInstant), StringComparison.Ordinal) ? Timestamp.Rule
        : type.Contains(nameof(QueryDate), StringComparison.Ordinal) ? Date : null;

    /// <returns>JSON Schema's name for the format of a time in a query; null for other types.</returns>
    public static string? Format(Type parameter) => (Nullable.GetUnderlyingType(parameter) ?? parameter) switch
    {
        var type when type == typeof(QueryDate) => "date",
        var type when type == typeof(QueryInstant) => "date-time",
        _ => null,
    };
}

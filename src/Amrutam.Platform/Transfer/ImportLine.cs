using System.Globalization;
using Amrutam.Platform.Http.Binding;
using NodaTime;
using NodaTime.Text;

namespace Amrutam.Platform.Transfer;

/// <summary>One line of a file: its values by column, and the errors that were found in it.</summary>
/// <param name="values">The value of each column of the file; an empty one is absent.</param>
/// <param name="imported">The ids of the rows that came with an import, by file and external id.</param>
sealed class ImportLine(IReadOnlyDictionary<string, string> values, Func<string, string, Guid?> imported)
{
    public RequestValidation Fields { get; } = new();

    public string? Text(string column) => values.GetValueOrDefault(column);

    public int? Number(string column) => Read(column, "must be a whole number",
        text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number : (int?)null);

    public bool? Flag(string column) => Read(column, "must be true or false",
        text => text switch { "true" => true, "false" => false, _ => (bool?)null });

    public LocalDate? Date(string column) => Read(column, "must be a date, as 2018-02-28",
        text => LocalDatePattern.Iso.Parse(text) is { Success: true, Value: var date } ? date : (LocalDate?)null);

    public Instant? Instant(string column) => Read(column,
        "must be an instant with an offset, as 2030-01-07T09:30:00Z",
        text => OffsetDateTimePattern.Rfc3339.Parse(text) is { Success: true, Value: var at }
            ? at.ToInstant() : (Instant?)null);

    /// <summary>The row that a line of another file became.</summary>
    public Guid? Reference(string column, string file) => Read(column, $"is no external_id of {file}.csv",
        text => imported(file, text));

    /// <summary>The values of a column that has several, separated by semicolons.</summary>
    public string[]? List(string column) => Text(column)?.Split(';',
        StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    T? Read<T>(string column, string rule, Func<string, T?> parse) where T : struct
    {
        if (Text(column) is not { } text) return null;
        var value = parse(text);
        Fields.Refuse(value is null, column, rule);
        return value;
    }
}

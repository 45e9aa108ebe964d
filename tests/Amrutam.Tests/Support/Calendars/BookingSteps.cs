namespace Amrutam.Tests.Support.Calendars;

/// <summary>The tests' own table of every legal step of a booking.</summary>
/// <remarks>It is written independently of the product's table, so a wrong step of the product contradicts
/// it.</remarks>
static class BookingSteps
{
    /// <summary>The status after each legal step. A row is the status before it, a column the event's name.</summary>
    const string Table = """
                    accepted  declined expired cancelled moved     checked_in started     completed no_show undone
        requested   confirmed declined expired cancelled -         -          -           -         -       -
        confirmed   -         -        -       cancelled confirmed checked_in -           completed no_show -
        checked_in  -         -        -       cancelled confirmed -          in_progress completed no_show before
        in_progress -         -        -       -         -         -          -           completed -       before
        completed   -         -        -       -         -         -          -           -         -       before
        no_show     -         -        -       -         -         -          -           -         -       before
        cancelled   -         -        -       -         -         -          -           -         -       -
        declined    -         -        -       -         -         -          -           -         -       -
        expired     -         -        -       -         -         -          -           -         -       -
        """;

    /// <summary>The status before the last step, to which an undone step returns.</summary>
    public const string Before = "before";

    static readonly string[][] Lines =
        [.. Table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    static readonly Dictionary<(string Status, string Step), string?> Cells = Lines.Skip(1)
        .SelectMany(line => Steps.Select((step, i) => ((line[0], step), line[i + 1])))
        .ToDictionary(cell => cell.Item1, cell => cell.Item2 == "-" ? null : cell.Item2);

    /// <summary>The past participles that name the steps in events.</summary>
    public static IReadOnlyList<string> Steps => Lines[0];

    public static IEnumerable<string> Statuses => Lines.Skip(1).Select(line => line[0]);

    /// <returns>The status after the step, <see cref="Before"/>, or null for an illegal or unknown step.</returns>
    public static string? After(string status, string step) => Cells.GetValueOrDefault((status, step));
}

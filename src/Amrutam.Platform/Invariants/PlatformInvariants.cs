namespace Amrutam.Platform.Invariants;

/// <summary>The invariants of the platform's own tables.</summary>
static class PlatformInvariants
{
    public static IReadOnlyList<Invariant> All { get; } =
        [new("reader_is_not_ahead_of_the_log", ReaderIsNotAheadOfTheLog, Invariant.All)];

    const string ReaderIsNotAheadOfTheLog = $"""
        select name from platform.event_readers
         where position > coalesce((select position from audit.events order by position desc limit 1), 0)
         {Invariant.Limit}
        """;
}

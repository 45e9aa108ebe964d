using Amrutam.Platform.Data;
using NodaTime;

namespace Amrutam.Platform.Invariants;

/// <summary>What a check looks at: what is recent, or all there is.</summary>
/// <param name="FirstId">The least id (UUID version 7) of that time.</param>
/// <param name="LastId">The greatest.</param>
/// <param name="Most">How many rows of each kind at most, the newest first.</param>
readonly record struct Window(Guid FirstId, Guid LastId, Instant Since, int Most)
{
    // What happened before a longer pause is the night's, so that a check after it costs no more than any other.
    static readonly Duration Longest = Duration.FromMinutes(5), Ahead = Duration.FromHours(1);

    // A row's id and time are from when its request came or its transaction began; it is visible when that commits.
    // In between lie at most 5 s in a queue, 5 s until there is a connection, and usually no more than three waits of
    // a statement's 15 s: for a lock, for another, for the standby. Clocks are 2 s apart before somebody is told.
    static readonly Duration CommitsWithin = Duration.FromMinutes(1);

    // Two minutes of a clinic far larger than any; in a storm the newest, and the night has the rest.
    const int MostRecent = 10_000;

    public static readonly Window Everything =
        new(Guid.Empty, Guid.AllBitsSet, Instant.FromUnixTimeSeconds(0), int.MaxValue);

    /// <summary>What may have become visible since the last check, of five minutes at most.</summary>
    /// <param name="checkedAt">When that began; null is for all of the five minutes.</param>
    public static Window At(Instant now, Instant? checkedAt = null)
    {
        var since = now - Longest;
        if (checkedAt is { } last) since = Instant.Max(since, last - CommitsWithin);
        return new(LeastId(since), LeastId(now + Ahead), since, MostRecent);
    }

    static Guid LeastId(Instant at)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        for (var (i, ms) = (5, at.ToUnixTimeMilliseconds()); i >= 0; (i, ms) = (i - 1, ms >> 8)) bytes[i] = (byte)ms;
        return new(bytes, bigEndian: true);
    }
}

/// <summary>A rule of the data: a query that must give no row, at any moment, after any fault.</summary>
/// <remarks>Each module owns those of its own tables. A query gives the ids of what breaks the rule, as text, at most
/// <see cref="MostBreaches"/>; over a recent window it goes by indexes alone.</remarks>
/// <param name="Name">Its name, in the form of a constraint's.</param>
/// <param name="In">Binds the window to the query, as far as it has one.</param>
sealed record Invariant(string Name, string Sql, Func<Statement, Window, Statement> In)
{
    public const int MostBreaches = 100;

    /// <summary>The end of a query that is bound by <see cref="Changed"/>: the newest rows of the window.</summary>
    public const string RecentRows = "where id >= $1 and id <= $2 order by id desc limit $4";

    /// <summary>The end of a query over audit.actions, bound by <see cref="Changed"/>: the newest events of the
    /// window. The query gives the entity first.</summary>
    public const string RecentEvents = "entity_id is not null and at >= $3 order by at desc, position desc limit $4";

    /// <summary>The end of every invariant's query: at most <see cref="MostBreaches"/> violations.</summary>
    public const string Limit = "limit 100";

    /// <summary>The query is quick over all there is.</summary>
    public static Statement All(Statement statement, Window window) => statement;

    /// <summary>By ids and by time: $1 and $2 are the first and the last id, $3 the time, $4 the most rows.</summary>
    public static Statement Changed(Statement statement, Window window) =>
        statement.With(window.FirstId).With(window.LastId).With(window.Since).With(window.Most);

    /// <summary>By time: $1 is the time, $2 the most rows.</summary>
    public static Statement Happened(Statement statement, Window window) =>
        statement.With(window.Since).With(window.Most);
}

/// <param name="Violations">How many breaches are known, up to <see cref="Invariant.MostBreaches"/>; 0 is the promise.
/// What a night's check found stays until the next night's.</param>
/// <param name="CheckedAt">When what is recent was last looked at; null before the first time.</param>
sealed record InvariantResult(string Name, int Violations, Instant? CheckedAt, Instant FullyCheckedAt,
    string[] Examples);

using Amrutam.Platform.Data;
using NodaTime;

namespace Amrutam.Platform.Invariants;

/// <summary>The data that a check covers: the recent part, or all of it.</summary>
/// <param name="FirstId">The least id (UUID version 7) of that time.</param>
/// <param name="LastId">The greatest id.</param>
/// <param name="Most">The largest number of rows of each kind, the newest first.</param>
readonly record struct Window(Guid FirstId, Guid LastId, Instant Since, int Most)
{
    // The nightly check covers what happened before a longer pause. So no check of a minute costs more than another.
    static readonly Duration Longest = Duration.FromMinutes(5), Ahead = Duration.FromHours(1);

    // A row gets its id and time when its request comes or its transaction begins, and is visible after the commit.
    // Between them are at most 5 s in a queue and 5 s until there is a connection. Then there are usually at most three
    // waits of 15 s, for two locks and for the standby. An alert fires when clocks are 2 s apart.
    static readonly Duration CommitsWithin = Duration.FromMinutes(1);

    // A clinic far larger than any known one has as many rows in two minutes. In a storm a check takes the newest, and
    // the nightly check takes the rest.
    const int MostRecent = 10_000;

    public static readonly Window Everything =
        new(Guid.Empty, Guid.AllBitsSet, Instant.FromUnixTimeSeconds(0), int.MaxValue);

    /// <summary>The window of rows that may have become visible since the last check, five minutes at most.</summary>
    /// <param name="checkedAt">The start of that check; null is for all of the five minutes.</param>
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

/// <summary>A rule of the data: a query that must give no row at any moment, after any fault.</summary>
/// <remarks>Each module owns the invariants of its own tables. A query gives the ids of violations as text, at most
/// <see cref="MostBreaches"/>. Over a recent window it reads indexes alone.</remarks>
/// <param name="Name">Its name, in the form of a constraint's.</param>
/// <param name="In">Binds the window's parameters that the query has.</param>
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

    /// <summary>Binds nothing: the query is quick over all the data.</summary>
    public static Statement All(Statement statement, Window window) => statement;

    /// <summary>Binds ids and time: $1 and $2 are the first and the last id, $3 the time, $4 the largest number of
    /// rows.</summary>
    public static Statement Changed(Statement statement, Window window) =>
        statement.With(window.FirstId).With(window.LastId).With(window.Since).With(window.Most);

    /// <summary>Binds time: $1 is the time, $2 the largest number of rows.</summary>
    public static Statement Happened(Statement statement, Window window) =>
        statement.With(window.Since).With(window.Most);
}

/// <param name="Violations">The number of known violations, up to <see cref="Invariant.MostBreaches"/>; it should be 0.
/// A violation that a nightly check found stays until the next nightly check.</param>
/// <param name="CheckedAt">The time of the last check of recent data; null before the first one.</param>
sealed record InvariantResult(string Name, int Violations, Instant? CheckedAt, Instant FullyCheckedAt,
    string[] Examples);

using System.ComponentModel.DataAnnotations;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>The server's share of the database (section <c>Database</c>).</summary>
sealed class DatabaseSettings
{
    /// <summary>Connections of the serving pool. A database is fastest with a few for each core; more of them only wait
    /// inside it.</summary>
    [Range(2, 1000)]
    public int MaxConnections { get; init; } = 32;

    /// <summary>How long a start or a command waits for a database that is away.</summary>
    [Range(0, 3600)]
    public int StartSeconds { get; init; } = 30;
}

/// <summary>Checks at the start that PostgreSQL allows as many connections as this server may open.</summary>
/// <remarks>Otherwise the server would find it out under load, by refused bookings.</remarks>
static class ConnectionBudget
{
    // Besides the pool: the connections for lists, two that book, two that listen, one that migrates, and one for a
    // command or psql.
    const int Beside = Database.ListConnections + 6;

    /// <exception cref="StartupException">PostgreSQL allows fewer.</exception>
    public static async Task Check(NpgsqlDataSource db, DatabaseSettings settings, CancellationToken ct)
    {
        var allowed = await db.Statement(ReadAllowed).Value<int>(ct);
        if (settings.MaxConnections + Beside > allowed)
            throw new StartupException($"Database__MaxConnections: {settings.MaxConnections} and {Beside} beside them "
                + $"are more than the {allowed} connections that PostgreSQL allows this server.");
    }

    // A role or a database without a limit of its own has -1.
    const string ReadAllowed = """
        select least(
            current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
            (select nullif(rolconnlimit, -1) from pg_roles where rolname = session_user),
            (select nullif(datconnlimit, -1) from pg_database where datname = current_database()))
        """;
}

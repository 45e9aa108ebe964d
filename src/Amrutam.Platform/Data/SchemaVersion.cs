using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>Which programs may serve a database: that which migrated it, and the release before.</summary>
/// <remarks>Migrations expand first and contract a release later, so the previous program works on the present schema.
/// A replica that is not yet upgraded goes on, and an upgrade can be taken back without a backup.</remarks>
static partial class SchemaVersion
{
    /// <summary>The oldest program that works on the schema of this one. A release sets it to the release
    /// before.</summary>
    const string ServesFrom = "0.1.0";

    static string Own { get; } = TelemetrySetup.Version.Split('+', '-')[0];

    sealed record Stored(string Version, string ServesFrom);

    /// <summary>Checks that this program works on a schema with migrations that it does not know.</summary>
    /// <returns>The version that migrated the database.</returns>
    /// <exception cref="StartupException">The schema is newer than this program can serve.</exception>
    public static async Task<string> Check(NpgsqlConnection owner)
    {
        var stored = await Find(owner) ?? throw new StartupException(
            "The database was migrated by a newer version of Amrutam. Start that version, or restore a backup.");
        return Version.Parse(Own) >= Version.Parse(stored.ServesFrom) ? stored.Version : throw new StartupException(
            $"The database was migrated by Amrutam {stored.Version}, on which programs from {stored.ServesFrom} on "
            + $"work. This is {Own}: start a newer one, or restore a backup.");
    }

    /// <summary>Records that this program migrated the database, once.</summary>
    public static Task Record(NpgsqlConnection owner) =>
        owner.Statement(Write).With(Own).With(ServesFrom).Execute();

    static async Task<Stored?> Find(NpgsqlConnection owner)
    {
        try
        {
            return await owner.Statement(Read).One(row => new Stored(row.GetString(0), row.GetString(1)));
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return null;
        }
    }

    const string Read = "select version, serves_from from platform.schema_version";

    const string Write = """
        insert into platform.schema_version as s (version, serves_from) values ($1, $2)
        on conflict (is_only) do update set version = excluded.version, serves_from = excluded.serves_from,
                                            migrated_at = now()
         where (s.version, s.serves_from) is distinct from (excluded.version, excluded.serves_from)
        """;

    [LoggerMessage(Level = LogLevel.Warning, Message = "the database was migrated by the newer version {Version}; this "
        + "program serves it for the time of an upgrade")]
    public static partial void LogAhead(ILogger log, string version);
}

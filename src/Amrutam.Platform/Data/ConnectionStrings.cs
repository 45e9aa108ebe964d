using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>The logins of the database (section <c>ConnectionStrings</c>): pairs as <c>Host=…;Database=…</c>, or
/// <c>postgres://user:password@host:5432/database</c>.</summary>
sealed class ConnectionStrings
{
    public const string Section = "ConnectionStrings";

    const string AmrutamSetting = Section + "__" + nameof(Amrutam), OwnerSetting = Section + "__" + nameof(Owner);

    /// <summary>The login that serves; without it the server runs a private PostgreSQL.</summary>
    public string? Amrutam { get; init; }

    /// <summary>The login that owns the schema and migrates it, if it is another.</summary>
    public string? Owner { get; init; }

    /// <summary>The database that is given; null without one.</summary>
    /// <exception cref="StartupException">A string cannot be read, or only the owner is given.</exception>
    public Database? Given()
    {
        var owner = Owner is { Length: > 0 } ? Read(Owner, OwnerSetting) : null;
        if (Amrutam is not { Length: > 0 })
            return owner is null ? null : throw new StartupException(
                $"{OwnerSetting} is set and {AmrutamSetting} is not. Set the login that serves too.");
        return Database.Given(Read(Amrutam, AmrutamSetting), owner);
    }

    /// <summary>The setting that names the login of a connection string of this database.</summary>
    public static string SettingOf(Database database, string connectionString) =>
        connectionString == database.Owner && !database.HasOneLogin ? OwnerSetting : AmrutamSetting;

    static string Read(string text, string setting)
    {
        try
        {
            var parts = PostgresUri.IsOne(text) ? PostgresUri.Read(text) : new NpgsqlConnectionStringBuilder(text);
            if (parts.Host is { Length: > 0 }) return parts.ConnectionString;
        }
        // The message may quote a part of a password.
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
        }
        throw new StartupException($"{setting} cannot be read. Write "
            + "Host=…;Port=5432;Database=…;Username=…;Password=… or postgres://user:password@host:5432/database.");
    }
}

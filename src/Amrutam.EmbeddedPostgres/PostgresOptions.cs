namespace Amrutam.EmbeddedPostgres;

/// <summary>The host's names for the contents of the private cluster, and for its own settings.</summary>
sealed record PostgresOptions
{
    /// <summary>The name of the database, and the prefix of roles and folders: a plain identifier.</summary>
    public required string Name { get; init; }

    /// <summary>The host's default data directory, for files that PostgreSQL's user cannot reach elsewhere.</summary>
    public required string DefaultDirectory { get; init; }

    /// <summary>The environment variable that names the folder of PostgreSQL's programs.</summary>
    public required string ProgramsVariable { get; init; }

    /// <summary>Folders <c>node_modules</c> to search besides those above the data directory.</summary>
    public required IReadOnlyList<string> NodeModules { get; init; }

    /// <summary>The setting of the data directory, for messages to the operator.</summary>
    public required string DirectorySetting { get; init; }

    /// <summary>The setting of another database's connection string, for messages to the operator.</summary>
    public required string ConnectionSetting { get; init; }

    /// <summary>The role that owns every object.</summary>
    public string OwnerRole => Name + "_owner";

    /// <summary>The role that has only the rights which the host's migrations grant.</summary>
    public string AppRole => Name + "_app";

    /// <summary>The name of the library's own connections in pg_stat_activity and in metrics.</summary>
    public string ConnectionName => Name + " start";
}

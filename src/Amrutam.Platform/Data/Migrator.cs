using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Amrutam.Platform.Modules;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>Brings the database to this version's schema: forward-only SQL files, each in one transaction, under one
/// advisory lock.</summary>
/// <remarks> Files are named <c>NNNN_what_it_does.sql</c> in a module's <c>Migrations</c> folder. They are applied in
/// the order of their numbers, which are unique over all modules. The hash of each is recorded. A file that changed
/// after it was applied stops the start, because two databases of one version would differ. </remarks>
static class Migrator
{
    // Any constant will do, as long as all replicas that start at once have the same one.
    const long AdvisoryLock = 0x414D5255;

    /// <param name="Applied">The names of the migrations that were applied now.</param>
    /// <param name="Ahead">The newer version that migrated the database; null if none did.</param>
    public sealed record Migrated(IReadOnlyList<string> Applied, string? Ahead);

    sealed record Migration(int Number, string Name, string Sql)
    {
        public byte[] Hash { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n")));
    }

    /// <summary>Applies what is missing, makes the rights good, and opens an epoch if the database came from another
    /// cluster.</summary>
    /// <exception cref="StartupException">An applied file has changed, or the database is newer than this program can
    /// serve.</exception>
    public static async Task<Migrated> Migrate(string ownerConnectionString,
        IReadOnlyList<IModule> modules, CancellationToken ct)
    {
        // The connection is not pooled. So the lock ends with the session, and no idle session of the owner stays
        // behind.
        await using var source = Database.OpenUnpooled(new NpgsqlConnectionStringBuilder(ownerConnectionString)
        {
            Pooling = false,
        }.ConnectionString, "amrutam migration");
        await using var connection = await source.OpenConnectionAsync(ct);
        await connection.Statement(Lock).With(AdvisoryLock).Execute();
        await Rights.CreateRole(connection);
        var done = await ApplyFiles(connection, modules, ct);
        if (done.Ahead is null)
        {
            await SchemaVersion.Record(connection);
            await Rights.MakeGood(connection, modules);
        }
        await connection.Statement(OpenEpoch).Execute();
        return done;
    }

    /// <summary>Applies what is missing, and nothing else.</summary>
    /// <inheritdoc cref="Migrate"/>
    public static async Task<Migrated> ApplyFiles(NpgsqlConnection connection,
        IReadOnlyList<IModule> modules, CancellationToken ct)
    {
        await connection.Statement(CreateLedger).Execute();
        var applied = (await connection.Statement(ReadLedger)
            .List(row => (Number: row.GetInt32(0), Hash: row.GetFieldValue<byte[]>(1)), ct))
            .ToDictionary(row => row.Number, row => row.Hash);
        var all = Files(modules);
        var ahead = applied.Keys.Except(all.Select(m => m.Number)).Any() ? await SchemaVersion.Check(connection) : null;
        var done = new List<string>();
        foreach (var migration in all)
        {
            if (!applied.TryGetValue(migration.Number, out var hash)) done.Add(await Apply(connection, migration));
            else if (!hash.AsSpan().SequenceEqual(migration.Hash))
                throw new StartupException(
                    $"Migration {migration.Name} has changed since it was applied to this database; "
                    + "restore its file.");
        }
        return new(done, ahead);
    }

    static async Task<string> Apply(NpgsqlConnection connection, Migration migration)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        try
        {
            await connection.Statement(migration.Sql).Execute();
            await connection.Statement(Record).With(migration.Number).With(migration.Name).With(migration.Hash)
                .Execute();
            await transaction.CommitAsync();
            return migration.Name;
        }
        catch (PostgresException e)
        {
            throw new StartupException($"Migration {migration.Name} failed: {e.MessageText}", e);
        }
    }

    static List<Migration> Files(IReadOnlyList<IModule> modules)
    {
        var files = modules.Assemblies().SelectMany(Files).OrderBy(m => m.Number).ToList();
        if (files.GroupBy(m => m.Number).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new StartupException($"Two migrations have the number {twice.Key}.");
        return files;
    }

    static IEnumerable<Migration> Files(Assembly assembly)
    {
        foreach (var name in assembly.GetManifestResourceNames()
            .Where(n => n.EndsWith(".sql", StringComparison.Ordinal)
                && n.Contains("Migrations", StringComparison.Ordinal)))
        {
            using var text = new StreamReader(assembly.GetManifestResourceStream(name)!);
            var file = Path.GetFileNameWithoutExtension(name.Replace('\\', '/'));
            yield return new(int.Parse(file[..4], CultureInfo.InvariantCulture), file, text.ReadToEnd());
        }
    }

    const string Lock = "select pg_advisory_lock($1)";

    const string CreateLedger = """
        create schema if not exists platform;
        create table if not exists platform.migrations (
            number int primary key, name text not null, hash bytea not null,
                 applied_at timestamptz not null default now());
        """;

    const string ReadLedger = "select number, hash from platform.migrations order by number";

    // The owner does this here, before the server serves from a cluster that the database was restored into.
    const string OpenEpoch = "select platform.open_event_epoch()";

    const string Record = "insert into platform.migrations (number, name, hash) values ($1, $2, $3)";
}

using System.Diagnostics;
using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Tests.Support.Servers;

/// <summary>A PostgreSQL as <c>initdb</c> makes it: one superuser, and no role or database of ours.</summary>
sealed class PlainCluster : IAsyncDisposable
{
    public const string Superuser = "postgres", Password = "of-the-superuser";

    readonly PostgresAccount _account;
    readonly PostgresBinaries _programs;
    readonly string _folder, _data;

    PlainCluster(PostgresAccount account, PostgresBinaries programs, string folder) =>
        (_account, _programs, _folder, _data) = (account, programs, folder, Path.Combine(folder, "data"));

    /// <param name="language">The language of its messages, as <c>de</c>; null for English.</param>
    public static async Task<PlainCluster> Start(string? language = null)
    {
        var folder = Directory.CreateTempSubdirectory("plain-").FullName;
        var account = await PostgresAccount.Choose(EmbeddedDatabase.Options, CancellationToken.None);
        await account.Own(folder, CancellationToken.None);
        var programs = await PostgresBinaries.Find(EmbeddedDatabase.Options, folder, wanted: null, account,
            CancellationToken.None);
        var cluster = new PlainCluster(account, programs, folder);
        var password = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(password, Password);
        await account.Own(password, CancellationToken.None);
        await cluster.Run(programs.InitDb, "-D", cluster._data, "-U", Superuser, "--pwfile", password,
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync");
        // C.UTF-8 is on every machine, and the library for translations looks at LANGUAGE first in any locale but C.
        await cluster.Run("env", "LANGUAGE=" + language, programs.PgCtl, "start", "-w", "-D", cluster._data, "-l",
            Path.Combine(folder, "log"), "-o",
            $"-c fsync=off -c listen_addresses='' -c unix_socket_directories='{folder}'");
        return cluster;
    }

    public string ConnectionString(string user, string password, string database) => new NpgsqlConnectionStringBuilder
    {
        Host = _folder, Username = user, Password = password, Database = database, Pooling = false,
    }.ConnectionString;

    public string AsSuperuser(string database) => ConnectionString(Superuser, Password, database);

    /// <summary>Stops every process of the cluster, without its end.</summary>
    /// <returns>Lets them go on.</returns>
    public async Task<IDisposable> Freeze()
    {
        await using var source = NpgsqlDataSource.Create(AsSuperuser(Superuser));
        var postmaster = (await File.ReadAllLinesAsync(Path.Combine(_data, "postmaster.pid")))[0];
        var others = await source.Statement("select pid::text from pg_stat_activity where pid <> pg_backend_pid()")
            .List(row => row.GetString(0));
        string[] processes = [postmaster, .. others];
        await Signal("-STOP", processes);
        return new Frozen(processes);
    }

    sealed class Frozen(string[] processes) : IDisposable
    {
        public void Dispose() => Signal("-CONT", processes).GetAwaiter().GetResult();
    }

    static async Task Signal(string signal, string[] processes)
    {
        // A process may have ended meanwhile.
        using var kill = Process.Start("kill", [signal, .. processes]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Runs SQL as the superuser.</summary>
    public async Task Execute(string sql, string database = Superuser)
    {
        await using var source = NpgsqlDataSource.Create(AsSuperuser(database));
        await source.Statement(sql).Execute();
    }

    public async ValueTask DisposeAsync()
    {
        await Run(_programs.PgCtl, "stop", "-D", _data, "-m", "immediate");
        Directory.Delete(_folder, recursive: true);
    }

    async Task Run(string program, params string[] arguments)
    {
        var outcome = await _account.Run(program, arguments, CancellationToken.None);
        outcome.Succeeded.ShouldBeTrue(outcome.Output);
    }
}

/// <summary>One of PostgreSQL's own programs for operators, or a shell that runs several.</summary>
static class PostgresProgram
{
    /// <summary>Runs a program that finds the database in its environment.</summary>
    /// <param name="connection">The connection string that becomes PGHOST, PGUSER and so on.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>The exit code, and all that it wrote.</returns>
    public static async Task<(int Code, string Said)> Run(string connection, string program, params string[] arguments)
    {
        var to = new NpgsqlConnectionStringBuilder(connection);
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in new (string, string?)[] { ("PGHOST", to.Host), ("PGPORT", $"{to.Port}"),
            ("PGUSER", to.Username), ("PGPASSWORD", to.Password), ("PGDATABASE", to.Database) })
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await errors + await output);
    }
}

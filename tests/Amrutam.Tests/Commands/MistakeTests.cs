using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Commands;

/// <summary>The commonest mistakes of an operator, made with the server and with every command. Each ends with 1, and
/// in one line that names the setting or the remedy.</summary>
public sealed class MistakeTests(TestCluster cluster)
{
    const string App = "ConnectionStrings__Amrutam", Owner = "ConnectionStrings__Owner",
        Key = "Identity__KeyEncryptionKey";

    // Each command, so that none has a way of its own to a database. The verification of the log is the second after
    // serving, because it needs the server's login alone: its mistake is of that one.
    static readonly string[][] Commands = [["serve"], ["migrate"], ["audit", "verify"], ["invariants", "check"],
        ["admin", "create", "--email", "a@example.org", "--password-stdin"], ["demo"], ["keys", "rotate"],
        ["keys", "reseal"], ["audit", "rotate-key"], ["events", "replay", "--reader", "analytics", "--from", "1"]];

    sealed record Mistake(string Line, params (string Name, string? Value)[] Settings);

    [Fact]
    public async Task A_mistake_about_the_database_ends_every_command_in_one_line()
    {
        var database = await cluster.NewDatabase();
        var mistakes = await MistakesWith(database);
        // Every mistake at the server, and at every command one after the other.
        var runs = mistakes.Select(mistake => (Command: Commands[0], mistake))
            .Concat(Commands.Skip(1).Select((command, i) => (command, mistakes[i % mistakes.Count])));
        foreach (var (command, mistake) in runs) await ShouldEndInOneLine(command, mistake, database);
    }

    [Fact]
    public async Task A_mistake_about_an_address_or_a_key_ends_the_start_in_one_line()
    {
        var database = await cluster.NewDatabase();
        var port = Ports.Next();
        await ShouldEndInOneLine(["serve"], new("Management__Url: http://127.0.0.1:",
            ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"), ("Management__Url", $"http://127.0.0.1:{port}")),
            database);
        await ShouldEndInOneLine(["serve"], new("Management__Url: http://127.0.0.1:",
            ("ASPNETCORE_URLS", $"http://+:{port}"), ("Management__Url", $"http://127.0.0.1:{port}")), database);
        await ShouldEndInOneLine(["serve"], new("Setting Identity__KeyEncryptionKey: must be 32 bytes in base64.",
            (Key, "a secret")), database);
        var folder = Directory.CreateTempSubdirectory("amrutam-key-");
        Directory.CreateDirectory(Path.Combine(folder.FullName, "key-encryption-key"));
        await ShouldEndInOneLine(["serve"], new("The key-encryption key cannot be",
            (Key, null), ("Data__Directory", folder.FullName)), database);
        folder.Delete(recursive: true);
        await using (var server = await TestServer.Start(database))
            (await server.Anonymous().Get("/health/ready")).Is(200);
        await ShouldEndInOneLine(["serve"], new("The signing keys in this database are encrypted with another key",
            (Key, Convert.ToBase64String(new byte[32]))), database);
    }

    [Fact]
    public async Task A_database_that_is_away_is_waited_for_and_the_wait_is_said()
    {
        var database = await cluster.NewDatabase();
        var parts = new NpgsqlConnectionStringBuilder(database.Owner);
        var (sockets, place) = (parts.Host!, Path.Combine(Path.GetTempPath(), "amrutam-away-" + Guid.CreateVersion7()));
        parts.Host = place;
        using var server = Start(["serve"], new("", (App, parts.ConnectionString), (Owner, ""),
            ("Database__StartSeconds", "120")), database);
        await Waiting.Until(() => server.ErrorsSoFar.Contains('\n'), "a line is said");
        server.ErrorsSoFar.ShouldStartWith($"Waiting for PostgreSQL at {place}:5432 (");
        server.ErrorsSoFar.ShouldEndWith("), for 120 seconds at most.\n");
        Directory.CreateSymbolicLink(place, sockets);
        await server.IsReady();
        await server.Stop();
        Directory.Delete(place);
    }

    [Fact]
    public async Task A_database_that_takes_no_changes_yet_is_waited_for_and_the_wait_is_said()
    {
        var database = await cluster.NewDatabase();
        await SetReadOnly(database, "on");
        using var server = Start(["serve"], new("", ("Database__StartSeconds", "120")), database);
        await Waiting.Until(() => server.ErrorsSoFar.Contains('\n'), "a line is said");
        server.ErrorsSoFar.ShouldEndWith(" (it takes no changes), for 120 seconds at most.\n");
        await SetReadOnly(database, "off");
        await server.IsReady();
        await server.Stop();
    }

    static async Task SetReadOnly(Database database, string value)
    {
        // The database's own setting would forbid the second change of it.
        var session = new NpgsqlConnectionStringBuilder(database.Owner)
        {
            Pooling = false, Options = "-c default_transaction_read_only=off",
        };
        await using var owner = NpgsqlDataSource.Create(session);
        await owner.Statement($"""
            alter database "{session.Database}" set default_transaction_read_only = {value}
            """).Execute();
    }

    [Fact]
    public async Task An_address_of_the_database_is_understood()
    {
        var database = await cluster.NewDatabase();
        using var server = Start(["serve"], new("", (App, Address(database.App)), (Owner, Address(database.Owner))),
            database);
        await server.IsReady();
        await server.Stop();
    }

    async Task<IReadOnlyList<Mistake>> MistakesWith(Database database)
    {
        var stranger = "stranger_" + Guid.CreateVersion7().ToString("N");
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        await owner.Statement($"create role {stranger} login password 'x'").Execute();
        string With(Action<NpgsqlConnectionStringBuilder> change, string? of = null)
        {
            var parts = new NpgsqlConnectionStringBuilder(of ?? database.Owner);
            change(parts);
            return parts.ConnectionString;
        }
        var port = Ports.Next();
        var standby = await cluster.NewDatabase();
        await SetReadOnly(standby, "on");
        return [
            new("takes no changes: it is a standby, or set to read only. Name the primary in " + Owner,
                (App, standby.App), (Owner, standby.Owner)),
            new("PostgreSQL refuses: unrecognized configuration parameter \"nonsense\" (42704).",
                (App, With(p => p.Options = "-c nonsense=1")), (Owner, "")),
            new("does not admit the user 'amrutam_owner': correct the user or the password in " + App,
                (App, With(p => p.Password = "wrong")), (Owner, "")),
            new("does not admit the user 'amrutam_app': correct the user or the password in " + App,
                (App, With(p => p.Password = "wrong", database.App))),
            new("does not admit the user 'amrutam_owner': correct the user or the password in " + Owner,
                (Owner, With(p => p.Password = "wrong"))),
            new($"PostgreSQL at 127.0.0.1:{port} does not answer (Connection refused): start it, or correct " + App,
                (App, With(p => (p.Host, p.Port) = ("127.0.0.1", port))), (Owner, "")),
            new("PostgreSQL at nowhere.invalid:5432 does not answer (",
                (App, "postgres://u:p@nowhere.invalid/amrutam"), (Owner, "")),
            new("has no database 'nothing': create it, or correct the name in " + App,
                (App, With(p => p.Database = "nothing")), (Owner, "")),
            new(App + " cannot be read. Write Host=", (App, "Hots=db;Password=a;b=c")),
            new(App + " cannot be read. Write Host=", (App, "postgres://u:p@db/amrutam?sslmod=require")),
            new(Owner + " is set and " + App + " is not", (App, "")),
            new($"The login '{stranger}' of {App} is not a member of amrutam_app: run \"grant amrutam_app to",
                (App, With(p => (p.Username, p.Password) = (stranger, "x")))),
        ];
    }

    static async Task ShouldEndInOneLine(string[] command, Mistake mistake, Database database)
    {
        using var process = Start(command, mistake, database);
        var said = (await process.Said()).TrimEnd();
        await process.Ended();
        var about = $"{string.Join(' ', command)} with {string.Join(", ", mistake.Settings.Select(s => s.Name))}";
        said.ShouldContain(mistake.Line, Case.Sensitive, about);
        said.ShouldNotContain('\n', about);
        process.ExitCode.ShouldBe(1, about);
    }

    static ServerProcess Start(string[] command, Mistake mistake, Database database) =>
        ServerProcess.Start(command, 0, [(App, database.App), (Owner, database.Owner), ("Database__StartSeconds", "0"),
            (Key, TestServer.KeyEncryptionKey), ("Mail__Folder", Mailbox.Folder),
            .. mistake.Settings]);

    static string Address(string connectionString)
    {
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        return $"postgres://{parts.Username}:{parts.Password}@{Uri.EscapeDataString(parts.Host!)}:{parts.Port}/"
            + $"{parts.Database}?application_name=an%20address";
    }
}

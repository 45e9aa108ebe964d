using System.Text.RegularExpressions;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy;
using Npgsql;

namespace Amrutam.Tests.Platform.Data;

/// <summary>A new cluster that knows none of our roles: the first start there, and a dump that is restored
/// there.</summary>
public sealed partial class RestoreIntoPlainClusterTests(TestCluster cluster)
{
    const string OwnersPassword = "of-the-owner", ServersPassword = "of-the-server";
    const string Email = "asha@example.org", UsersPassword = "lantern-meadow-42";

    [Fact]
    public async Task Two_logins_made_as_the_document_says_serve_an_empty_database()
    {
        await using var plain = await PlainCluster.Start();
        await CreateLogins(plain);
        await ShouldServe(plain, new(Owner(plain), Server(plain)), hasUser: false);
    }

    [Fact]
    public async Task A_dump_restored_as_the_document_says_serves_with_two_logins()
    {
        var source = await DatabaseWithUser();
        await using var plain = await PlainCluster.Start();
        await CreateLogins(plain);
        var (dump, restore) = (Block("sh", "pg_dump"), Block("sh", "pg_restore"));
        var folder = Directory.CreateTempSubdirectory("dump-").FullName;
        var name = new NpgsqlConnectionStringBuilder(source.Owner).Database;
        await Shell(source.Owner, folder,
            dump.Replace("--dbname=amrutam", "--dbname=" + name, StringComparison.Ordinal));
        await Shell(Owner(plain), folder, restore);
        Directory.Delete(folder, recursive: true);
        await ShouldServe(plain, new(Owner(plain), Server(plain)), hasUser: true);
    }

    [Fact]
    public async Task A_dump_restored_by_a_superuser_without_a_care_serves_with_one_login()
    {
        var source = await DatabaseWithUser();
        await using var plain = await PlainCluster.Start();
        await plain.Execute("create database amrutam");
        var dump = Path.GetTempFileName();
        (await PostgresProgram.Run(source.Owner, "pg_dump", "--format=custom", "--file=" + dump)).Code.ShouldBe(0);
        // It complains of roles that are not there, and goes on.
        (await PostgresProgram.Run(plain.AsSuperuser("amrutam"), "pg_restore", "--dbname=amrutam", dump)).Said
            .ShouldContain("does not exist");
        File.Delete(dump);
        await ShouldServe(plain, Database.Given(plain.AsSuperuser("amrutam"), owner: null), hasUser: true);
    }

    [Fact]
    public async Task A_right_that_no_migration_granted_is_taken_away_at_the_next_start()
    {
        var database = await cluster.NewDatabase();
        await using var owner = NpgsqlDataSource.Create(database.Owner);
        await owner.Statement("grant update on audit.events to amrutam_app").Execute();
        await owner.Statement("revoke insert on scheduling.bookings from amrutam_app").Execute();
        await owner.Statement("grant execute on function platform.open_event_epoch() to public").Execute();
        await Migrator.Migrate(database.Owner, Program.Modules, CancellationToken.None);
        (await Rights(database.Owner)).ShouldBe(await Rights((await cluster.NewDatabase()).Owner));
    }

    async Task<Database> DatabaseWithUser()
    {
        var database = await cluster.NewDatabase();
        await using var server = await TestServer.Start(database);
        (await server.Anonymous().Post("/api/auth/signup", new { email = Email, password = UsersPassword })).Is(201);
        return database;
    }

    static async Task CreateLogins(PlainCluster plain)
    {
        var statements = Block("sql", "create role amrutam_app");
        foreach (var password in (string[])[OwnersPassword, ServersPassword])
            statements = Ellipsis().Replace(statements, password, count: 1);
        foreach (var statement in statements.Split(";\n", StringSplitOptions.RemoveEmptyEntries))
            await plain.Execute(statement);
    }

    static string Owner(PlainCluster plain) => plain.ConnectionString("amrutam_owner", OwnersPassword, "amrutam");

    static string Server(PlainCluster plain) => plain.ConnectionString("amrutam_server", ServersPassword, "amrutam");

    static async Task Shell(string connection, string folder, string line)
    {
        var (code, said) = await PostgresProgram.Run(connection, "sh", "-c", $"cd '{folder}' && {line}");
        (code, said).ShouldBe((0, ""));
    }

    /// <summary>The real program starts, has every right that a fresh database has, and lets the user in.</summary>
    async Task ShouldServe(PlainCluster plain, Database database, bool hasUser)
    {
        var given = database.HasOneLogin ? plain.AsSuperuser("amrutam") : database.App;
        using var server = ServerProcess.Start("serve", 0, ("ConnectionStrings__Amrutam", given),
            ("ConnectionStrings__Owner", database.HasOneLogin ? "" : database.Owner),
            ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey), ("Mail__Folder", Mailbox.Folder));
        await server.IsReady();
        (await server.Http.Post(hasUser ? "/api/auth/login" : "/api/auth/signup",
            new { email = Email, password = UsersPassword })).Is(hasUser ? 200 : 201);
        await server.Stop();
        (await server.Said()).ShouldNotContain("ConnectionStrings__Owner");
        (await Rights(database.Owner)).ShouldBe(await Rights((await cluster.NewDatabase()).Owner));
    }

    static async Task<List<string>> Rights(string owner)
    {
        await using var source = NpgsqlDataSource.Create(owner);
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        return [.. (await Amrutam.Platform.Data.Rights.Read(connection,
            [.. Product.Modules.Select(m => m.Module.Schema).OfType<string>()])).Select(right => right.Grant)];
    }

    /// <summary>The block of docs/operations.md that begins so.</summary>
    static string Block(string language, string beginning)
    {
        var text = File.ReadAllText(Tree.Path("docs/operations.md"));
        var begins = text.IndexOf($"```{language}\n{beginning}", StringComparison.Ordinal) + language.Length + 4;
        return text[begins..text.IndexOf("```", begins, StringComparison.Ordinal)];
    }

    [GeneratedRegex("…", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Ellipsis();
}

using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Platform.Data;

/// <summary>The login that the server derives when it has the owner's login only. <see cref="Audit.AppendOnlyTests"/>
/// covers its rights.</summary>
public sealed class AppRoleLoginTests(TestCluster cluster)
{
    const string Warning = "ConnectionStrings__Owner";

    [Fact]
    public async Task Replicas_that_start_at_once_get_one_login_and_serve_with_it()
    {
        var given = await Given();
        var replicas = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            AppRoleLogin.Give(given, CancellationToken.None)));
        replicas.Select(r => r.App).Distinct().ShouldHaveSingleItem();
        (await AppRoleLogin.Find(given, CancellationToken.None)).App.ShouldBe(replicas[0].App);
        var (owner, app) = (new NpgsqlConnectionStringBuilder(given.Owner),
            new NpgsqlConnectionStringBuilder(replicas[0].App));
        app.Username.ShouldBe("amrutam_app_" + owner.Database);
        app.Password!.ShouldNotContain(owner.Password!);

        await using var server = await TestServer.Start(replicas[0]);
        (await server.Anonymous().Get("/health/ready")).Is(200);
        (await server.Anonymous().Post("/api/auth/signup", new
        {
            email = "asha@example.org", password = "lantern-meadow-42",
        })).Is(201);
    }

    [Fact]
    public async Task A_login_whose_password_is_no_longer_the_owners_gets_it_again()
    {
        var given = await Given();
        var before = await AppRoleLogin.Give(given, CancellationToken.None);
        await using var owner = NpgsqlDataSource.Create(given.Owner);
        await owner.Statement("alter role " + Login(given) + " password 'another'").Execute();
        (await AppRoleLogin.Find(given, CancellationToken.None)).ShouldBe(given);
        (await AppRoleLogin.Give(given, CancellationToken.None)).ShouldBe(before);
    }

    [Fact]
    public async Task A_login_that_may_become_the_owner_is_not_served_by()
    {
        var given = await Given();
        await using var owner = NpgsqlDataSource.Create(given.Owner);
        await owner.Statement($"create role {Login(given)} login superuser").Execute();
        (await AppRoleLogin.Give(given, CancellationToken.None)).ShouldBe(given);
    }

    [Fact]
    public async Task Without_a_password_or_with_two_logins_nothing_is_made()
    {
        var two = await cluster.NewDatabase();
        (await AppRoleLogin.Give(two, CancellationToken.None)).ShouldBe(two);
        var unsaid = new NpgsqlConnectionStringBuilder(two.Owner) { Password = null }.ConnectionString;
        var trusted = Database.Given(unsaid, owner: null);
        (await AppRoleLogin.Give(trusted, CancellationToken.None)).ShouldBe(trusted);
    }

    [Fact]
    public async Task An_owner_who_may_not_make_roles_serves_as_before_with_one_warning()
    {
        var database = await cluster.EmptyDatabase();
        var parts = new NpgsqlConnectionStringBuilder(database.Owner);
        await using (var owner = NpgsqlDataSource.Create(database.Owner))
        {
            await owner.Statement("create role poor_owner login password 'poor' in role amrutam_app").Execute();
            await owner.Statement($"alter database {parts.Database} owner to poor_owner").Execute();
        }
        (parts.Username, parts.Password) = ("poor_owner", "poor");
        (await Starts(parts.ConnectionString)).Split(Warning).Length.ShouldBe(2);
    }

    [Fact]
    public async Task An_owner_with_a_derived_login_gets_no_warning() =>
        (await Starts((await cluster.NewDatabase()).Owner)).ShouldNotContain(Warning);

    /// <returns>The program's output from its start to its stop.</returns>
    static async Task<string> Starts(string connectionString)
    {
        using var server = ServerProcess.Start("serve", 0, ("ConnectionStrings__Amrutam", connectionString),
            ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey), ("Mail__Folder", Mailbox.Folder));
        await server.IsReady();
        await server.Stop();
        return await server.Said();
    }

    async Task<Database> Given() => Database.Given((await cluster.NewDatabase()).Owner, owner: null);

    static string Login(Database given) =>
        "amrutam_app_" + new NpgsqlConnectionStringBuilder(given.Owner).Database;
}

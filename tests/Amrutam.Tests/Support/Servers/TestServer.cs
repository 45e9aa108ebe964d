using System.Security.Cryptography;
using Amrutam.Identity.Tokens;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Modules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Amrutam.Tests.Support.Servers;

/// <summary>The real server on a loopback port, over a real database.</summary>
sealed class TestServer : IAsyncDisposable
{
    // The tests sign up and book thousands of times from one address. Tests of the limits set their own.
    static readonly string[] Unlimited = [.. new[] { "SignUpsPerAddress", "SignInsPerAddress",
        "SignInFailuresPerAccount", "MailsPerAddress", "LettersPerReceiver",
        "OpenBookingsPerPatient", "OpenBookingsPerPatientAndDoctor", "HoldsPerPatient",
        "OpenSeriesPerPatient", "CancellationsPerPatient", "WaitlistEntriesPerPatient",
        "RequestsAtOnce", "ChangesPerAccount", "ChangesPerAddress" }
            .Select(limit => $"--Limits:{limit}=0")];

    // A tenth of the rounds in service, and still most of a sign-in's time.
    const int CheapRounds = 21_000;

    // One for the whole run, so that two servers on one database read each other's keys.
    public static readonly string KeyEncryptionKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public required Database Database { get; init; }
    public required WebApplication App { get; init; }
    public required NpgsqlDataSource Owner { get; init; }
    public required Uri Address { get; init; }

    public static Task<TestServer> Start(Database database, params string[] settings) =>
        Start(database, costlyPasswords: false, modules: null, settings);

    public static Task<TestServer> Start(Database database, IReadOnlyList<IModule> modules) =>
        Start(database, costlyPasswords: false, modules);

    /// <param name="costlyPasswords">Whether hashes cost as much as in service. Most tests do not need that.</param>
    /// <param name="modules">The modules; null for those of the product.</param>
    public static async Task<TestServer> Start(Database database, bool costlyPasswords,
        IReadOnlyList<IModule>? modules = null, params string[] settings)
    {
        var app = Program.Build(["--urls=http://127.0.0.1:0", "--Management:Url=http://127.0.0.1:0",
            "--environment=Development",
            "--Demo:Enabled=false", "--Mail:Folder=" + Mailbox.Folder, "--Audit:CheckpointFolder=",
            "--Identity:KeyEncryptionKey=" + KeyEncryptionKey,
            "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Warning",
            .. Unlimited, .. settings], database, modules);
        if (!costlyPasswords)
            app.Services.GetRequiredService<IOptions<PasswordHasherOptions>>().Value.IterationCount = CheapRounds;
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .First();
        ApiContract.Judge(new(address));
        return new()
        {
            Database = database, App = app, Owner = Database.OpenUnpooled(database.Owner, "tests"),
            Address = new(address)
        };
    }

    /// <summary>A client without a token.</summary>
    public HttpClient Anonymous() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };

    /// <summary>Takes all <paramref name="count"/> connections of the serving pool. The caller disposes of
    /// them.</summary>
    public async Task<List<NpgsqlConnection>> HoldConnections(int count)
    {
        var pool = App.Services.GetRequiredService<NpgsqlDataSource>();
        var held = new List<NpgsqlConnection>();
        for (var began = TimeProvider.System.GetTimestamp(); held.Count < count;)
            try
            {
                held.Add(await pool.OpenConnectionAsync());
            }
            catch (NpgsqlException) when (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1))
            {
                // The server's own jobs use connections too, and return them.
            }
        return held;
    }

    /// <summary>A new account and its client. The account is made in the database, because a thousand hashes would test
    /// nothing here.</summary>
    public async Task<TestUser> User(string role, string? name = null)
    {
        var user = new CurrentUser(Guid.CreateVersion7(), role, Guid.CreateVersion7());
        await Owner.Statement(AddUser).With(user.Id).With(user.Id + "@example.org")
            .With((user.Id + "@example.org").ToUpperInvariant())
            .With(name ?? "Test " + role).With(role).With(user.Session).Execute();
        var client = Anonymous();
        client.DefaultRequestHeaders.Authorization =
            new("Bearer", App.Services.GetRequiredService<AccessTokens>().Issue(user));
        return new(user.Id, client);
    }

    /// <summary>A client of the same account in another role, with a session of its own.</summary>
    public async Task<TestUser> Again(TestUser account, string role)
    {
        var user = new CurrentUser(account.Id, role, Guid.CreateVersion7());
        await Owner.Statement("""
            insert into identity.sessions (id, user_id, expires_at) values ($1, $2, now() + interval '1 day')
            """).With(user.Session).With(user.Id).Execute();
        var client = Anonymous();
        client.DefaultRequestHeaders.Authorization =
            new("Bearer", App.Services.GetRequiredService<AccessTokens>().Issue(user));
        return new(user.Id, client);
    }

    /// <summary>A verified doctor with a profile.</summary>
    public async Task<TestUser> Doctor(string zone = "Asia/Kolkata", string specialization = "Ayurveda")
    {
        var doctor = await User("doctor", "Test doctor");
        await Owner.Statement(AddProfile).With(doctor.Id).With(specialization).With(zone).Execute();
        return doctor;
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        await Owner.DisposeAsync();
    }

    const string AddUser = """
        with account as (
            insert into identity.users (id, email, normalized_email, full_name, role, security_stamp, concurrency_stamp)
            values ($1, $2, $3, $4, $5, 'x', 'x') returning id),
        logged as (
            insert into audit.events (actor_role, action, entity, entity_id)
            select 'system', 'accounts.imported', 'account', id from account)
        insert into identity.sessions (id, user_id, expires_at) select $6, id, now() + interval '1 day' from account
        """;

    const string AddProfile = """
        insert into doctors.profiles (id, full_name, specialization, experience, bio, time_zone, verified_at)
        values ($1, 'Test doctor', $2, 5, 'Sees patients.', $3, now())
        """;
}

/// <summary>An account of the tests: its id and a client with its token.</summary>
sealed record TestUser(Guid Id, HttpClient Http);

/// <summary>A server and database that the tests of one class share.</summary>
public class ServerFixture(TestCluster cluster) : IAsyncLifetime
{
    TestServer? _server;

    internal TestServer Server => _server!;

    protected virtual string[] Settings => [];

    public async ValueTask InitializeAsync() =>
        _server = await TestServer.Start(await cluster.NewDatabase(), Settings);

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _server?.DisposeAsync() ?? default;
    }
}

/// <summary>A server whose job for expired slots runs only in a test's call (<see cref="Clockwork.PassOn"/>). The
/// server's own run would skip rows that the test's run holds, and the reverse.</summary>
public sealed class UnsweptServerFixture(TestCluster cluster) : ServerFixture(cluster)
{
    protected override string[] Settings => ["--Scheduling:SweepSeconds=3600"];
}

using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Tests.Platform.Data;

/// <summary>PostgreSQL ended the idle connections of the pools, and the first request of each pool does not notice
/// it.</summary>
public sealed class EndedConnectionTests(TestCluster cluster)
{
    [Fact]
    public async Task After_a_restart_of_PostgreSQL_the_first_request_of_each_pool_succeeds()
    {
        var directory = Directory.CreateTempSubdirectory("amrutam-restart-").FullName;
        await using (var postgres = await PrivatePostgres.Own(EmbeddedDatabase.Options, directory, NullLogger.Instance,
            TestContext.Current.CancellationToken, durable: false))
        {
            const string Name = "restarted";
            await using (var owner = new NpgsqlConnection(postgres.OwnerConnectionString("postgres")))
            {
                await owner.OpenAsync();
                await owner.Statement("create database " + Name).Execute();
            }
            await Migrator.Migrate(postgres.OwnerConnectionString(Name), Program.Modules, CancellationToken.None);
            await using var server = await TestServer.Start(
                new(postgres.OwnerConnectionString(Name), postgres.AppConnectionString(Name)));
            var scene = await Scene.Make(server);
            await scene.UseEachPool(0);
            var before = await StartOf(server);
            await Stop(directory);
            await Waiting.Until(async () => await StartOf(server) is { } start && start > before);
            await scene.UseEachPool(1);
        }
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task After_the_end_of_idle_connections_the_first_request_of_each_pool_succeeds()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        var scene = await Scene.Make(server);
        await scene.UseEachPool(0);
        (await server.Owner.Statement(EndIdle).Value<long>()).ShouldBeGreaterThan(0);
        await scene.UseEachPool(1);
    }

    public static TheoryData<string> FirstRequests { get; } = ["transaction", "query of an account",
        "change of an account"];

    /// <summary>Several round trips, of which the first finds the connection ended.</summary>
    [Theory]
    [MemberData(nameof(FirstRequests))]
    public async Task After_the_end_of_idle_connections_the_first_request_of_each_kind_succeeds(string first)
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        var scene = await Scene.Make(server);
        var person = await Person.SignUp(server);
        Func<Task<Reply>> ask = first switch
        {
            "transaction" => () => scene.Patient.Http.Post($"/api/slots/{scene.Slots[0]}/hold"),
            "query of an account" => () => person.TryToSignIn(),
            _ => () => person.Http.Patch("/api/me", new { full_name = "Asha Rao" }),
        };
        (await ask()).Status.ShouldBeInRange(200, 201);
        (await server.Owner.Statement(EndIdle).Value<long>()).ShouldBeGreaterThan(0);
        var reply = await ask();
        reply.Status.ShouldBeInRange(200, 201, reply.Text);
    }

    /// <summary>A mail may have been sent before the second statement, and must not be sent twice.</summary>
    [Fact]
    public async Task Work_that_PostgreSQL_has_answered_does_not_begin_again()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        var begun = 0;
        await Should.ThrowAsync<NpgsqlException>(() => server.App.Services.GetRequiredService<NpgsqlDataSource>()
            .InTransaction(async connection =>
            {
                begun++;
                var process = await connection.Statement("select pg_backend_pid()").Value<int>();
                await server.Owner.Statement("select pg_terminate_backend($1)").With(process).Value<bool>();
                return await connection.Statement("select 1").Value<int>();
            }));
        begun.ShouldBe(1);
    }

    sealed record Scene(TestUser Doctor, TestUser Patient, Guid[] Slots)
    {
        public static async Task<Scene> Make(TestServer server)
        {
            var doctor = await server.Doctor();
            return new(doctor, await server.User("patient"), [await doctor.Slot(0), await doctor.Slot(1)]);
        }

        /// <summary>The pool that books, the pool of lists and the pool that serves.</summary>
        public async Task UseEachPool(int number)
        {
            (await Patient.Book(Slots[number])).Is(201);
            (await Patient.Http.Get($"/api/doctors/{Doctor.Id}/slots?limit={number + 5}")).Is(200);
            (await Patient.Http.Get("/api/bookings")).Is(200).Ids().Count().ShouldBe(number + 1);
        }
    }

    /// <summary>When the running PostgreSQL started; null while there is none.</summary>
    static async Task<DateTime?> StartOf(TestServer server)
    {
        try
        {
            return await server.Owner.Statement("select pg_postmaster_start_time()").Value<DateTime>();
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    /// <summary>A fast shutdown, as <c>pg_ctl restart</c> makes it; its owner starts it again.</summary>
    static async Task Stop(string directory)
    {
        var file = Directory.EnumerateFiles(directory, "postmaster.pid", SearchOption.AllDirectories).Single();
        var pid = (await File.ReadAllLinesAsync(file))[0];
        using var kill = System.Diagnostics.Process.Start("kill", ["-INT", pid]);
        await kill.WaitForExitAsync();
        kill.ExitCode.ShouldBe(0);
    }

    // Those of the pools: the connections that listen have names of their own.
    const string EndIdle = """
        select count(pg_terminate_backend(pid)) from pg_stat_activity
         where datname = current_database() and application_name = 'amrutam' and state = 'idle'
        """;
}

using System.CommandLine;
using Amrutam.Audit;
using Amrutam.Demo;
using Amrutam.EmbeddedPostgres;
using Amrutam.Identity.Reencryption;
using Amrutam.Identity.Registration;
using Amrutam.Identity.Tokens;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Http;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Operations;
using Amrutam.Platform.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Commands;

/// <summary>The program's commands. Without a command it serves.</summary>
static class CommandLine
{
    // At a stop the server answers its open requests and stops PostgreSQL. The library's own two seconds would cut that
    // off. This is longer than the limits of the host and of PostgreSQL, so that those apply.
    static readonly TimeSpan LongestStop = TimeSpan.FromMinutes(2);

    public static async Task<int> Run(string[] args)
    {
        var root = new RootCommand("Amrutam, a telemedicine backend") { TreatUnmatchedTokensAsErrors = false };
        var serve = new Command("serve", "Migrate the database and serve (the default)")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        var migrate = new Command("migrate", "Bring the database to this version's schema");
        root.SetAction((_, ct) => Serve(args, ct));
        serve.SetAction((_, ct) => Serve([.. args.Skip(1)], ct));
        migrate.SetAction((_, ct) => Migrate(ct));
        root.Add(serve);
        root.Add(migrate);
        root.Add(Admin());
        root.Add(Keys());
        root.Add(Events());
        root.Add(AuditCommands.All(WithDatabase, WithServices));
        root.Add(Check());
        root.Add(FillWithDemo());
        root.Add(Describe());
        try
        {
            return await root.Parse(args).InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = LongestStop,
            });
        }
        catch (Exception e) when (e is StartupException or EmbeddedPostgresException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    static async Task<int> Serve(string[] args, CancellationToken ct)
    {
        var builder = Builder(args);
        using var logs = LoggerFactory.Create(o => o.AddLogs(builder.Environment));
        var settings = builder.Configuration;
        // It comes before anything starts that would have to be stopped again.
        ListeningAddress.RefuseTaken(settings["urls"] ?? HttpPipeline.DefaultUrl, "ASPNETCORE_URLS");
        ListeningAddress.RefuseTaken(settings["Management:Url"] ?? ManagementSettings.DefaultUrl, "Management__Url");
        await using var embedded = Given(settings) is null
            ? await PrivatePostgres.Own(EmbeddedDatabase.Options, DataSettings.DirectoryOf(settings),
                logs.CreateLogger<PrivatePostgres>(), ct)
            : null;
        var database = Given(settings) ?? Of(embedded!);
        await Migrator.Migrate(database.Owner, Program.Modules, ct);
        database = await AppRoleLogin.Give(database, ct);
        await using var app = Program.Build(args, database);
        await ConnectionBudget.Check(app.Services.GetRequiredService<NpgsqlDataSource>(),
            app.Services.GetRequiredService<DatabaseSettings>(), ct);
        using (Tracing.Begin("start"))
        {
            await AppRoleLogin.Check(app.Services, ct);
            AuditModule.CheckCheckpoints(app.Services);
            // It is here and not in the host's start, which would put a stack trace around the one line for the
            // operator.
            await app.Services.GetRequiredService<SigningKeys>().Refresh(ct);
        }
        if (DemoClinic.IsWanted(app.Services)
            && await DemoClinic.Fill(app.Services) is { } invitation) Console.WriteLine(invitation);
        await app.RunAsync(ct);
        return 0;
    }

    static Task<int> Migrate(CancellationToken ct) => WithDatabase(async database =>
    {
        foreach (var name in await Migrator.Migrate(database.Owner, Program.Modules, ct)) Console.WriteLine(
            "applied " + name);
        await AppRoleLogin.Give(database, ct);
        return 0;
    }, ct);

    static Command Admin()
    {
        var email = new Option<string>("--email") { Required = true };
        // A password among the arguments would appear in the shell's history and in the list of processes.
        var stdin = new Option<bool>("--password-stdin") { Required = true };
        var create = new Command("create", "Make an admin; the password is one line on standard input") { email,
            stdin };
        create.SetAction((parsed, ct) => WithServices(async services =>
        {
            await CreateAdmin.Run(services, parsed.GetRequiredValue(email), await Console.In.ReadLineAsync(ct) ?? "");
            Console.WriteLine("The admin can sign in.");
        }, ct));
        return new Command("admin", "Accounts of admins") { create };
    }

    static Command FillWithDemo()
    {
        var demo = new Command("demo", "Fill an empty database with an example clinic; never in Production");
        demo.SetAction((_, ct) => WithServices(async services =>
            Console.WriteLine(await DemoClinic.Fill(services)
                ?? throw new StartupException("There are accounts already; use an empty database.")), ct));
        return demo;
    }

    static Command Events()
    {
        var name = new Option<string>("--reader") { Required = true };
        var from = new Option<long>("--from") { Required = true, Description = "The first position; 1 for all" };
        var replay = new Command("replay", "Let a reader of the event log apply events again") { name, from };
        replay.SetAction((parsed, ct) => WithServices(async services =>
        {
            var readers = services.GetServices<IReadEvents>().ToList();
            var reader = readers.Find(r => r.Name == parsed.GetRequiredValue(name)) ?? throw new StartupException(
                "There is no such reader; the readers are: " + string.Join(", ", readers.Select(r => r.Name)));
            var begins = await ReplayEvents.Run(services.GetRequiredService<NpgsqlDataSource>(), reader,
                parsed.GetRequiredValue(from));
            Console.WriteLine($"The reader {reader.Name} applies events again from position {begins}.");
        }, ct));
        return new Command("events", "The event log and its readers") { replay };
    }

    static Command Check()
    {
        var check = new Command("check", "Check every invariant in full, now");
        check.SetAction((_, ct) => WithServices(async services =>
        {
            var results = await services.GetRequiredService<SweepInvariants>().RunInFull(ct);
            foreach (var broken in results.Where(r => r.Violations > 0))
                Console.WriteLine($"{broken.Name}: {broken.Violations}, as {string.Join(", ", broken.Examples)}");
            if (results.Any(r => r.Violations > 0)) throw new StartupException("Some invariants have violations.");
            Console.WriteLine($"All {results.Count} invariants hold.");
        }, ct));
        return new Command("invariants", "The invariants of the data") { check };
    }

    static Command Describe()
    {
        var openapi = new Command("openapi", "Write the description of the API (OpenAPI 3.1) to standard output");
        openapi.SetAction(async (_, _) =>
        {
            // The server is built and not started, so it reads no database.
            await using var app =
                Program.Build(["--Logging:LogLevel:Default=Warning"], new Database("Host=none", "Host=none"));
            await Console.Out.WriteAsync(await OpenApiDescription.Read(app));
        });
        return openapi;
    }

    static Command Keys()
    {
        var compromised = new Option<bool>("--compromised") { Description = "Revoke every earlier key at once" };
        var rotate =
            new Command("rotate", "Sign with a new key; what the earlier ones signed stays valid") { compromised };
        rotate.SetAction((parsed, ct) => WithServices(async services =>
        {
            var keys = services.GetRequiredService<SigningKeys>();
            await (parsed.GetValue(compromised) ? keys.Revoke() : keys.Rotate(SigningKeys.Lead, onSchedule: false));
            Console.WriteLine("Signing with key " + keys.Published.MaxBy(key => key.ActivatesAt)!.Kid + '.');
        }, ct));
        var reseal = new Command("reseal", "Encrypt every secret in the database with the present key-encryption key");
        reseal.SetAction((_, ct) => WithServices(Reseal, ct));
        return new Command("keys", "The keys that sign access tokens and encrypt secrets") { rotate, reseal };
    }

    static async Task Reseal(IServiceProvider services)
    {
        var done = await services.GetRequiredService<ReencryptSecrets>().Run();
        foreach (var table in done)
            Console.WriteLine($"{table.Table}: {table.Reencrypted} encrypted with the present key");
        if (done.Sum(table => table.Unreadable) is > 0 and var unreadable)
            throw new StartupException($"{unreadable} secrets are encrypted with a key that is not among "
                + "Identity__OtherKeyEncryptionKeys; they are unchanged.");
        Console.WriteLine("The other keys are not needed any more.");
    }

    /// <summary>Runs a command with the server's services over a migrated database, without serving.</summary>
    static Task<int> WithServices(Func<IServiceProvider, Task> command, CancellationToken ct) =>
        WithDatabase(async database =>
    {
        await Migrator.Migrate(database.Owner, Program.Modules, ct);
        database = await AppRoleLogin.Give(database, ct);
        await using var app = Program.Build(["--Logging:LogLevel:Default=Warning"], database);
        using var activity = Tracing.Begin("command");
        await command(app.Services);
        return 0;
    }, ct);

    /// <summary>Runs a command against the given database or the embedded one. That one is already running, or starts
    /// for the command.</summary>
    static async Task<int> WithDatabase(Func<Database, Task<int>> command, CancellationToken ct)
    {
        var settings = Settings([]);
        if (Given(settings) is { } given) return await command(given);
        var directory = DataSettings.DirectoryOf(settings);
        await using var embedded = await PrivatePostgres.JoinOrOwn(EmbeddedDatabase.Options, directory,
            NullLogger.Instance, ct);
        return await command(Of(embedded));
    }

    static Database? Given(IConfiguration settings) =>
        settings.GetConnectionString("Amrutam") is { Length: > 0 } app
            ? Database.Given(app, settings.GetConnectionString("Owner"))
            : null;

    static Database Of(PrivatePostgres embedded) =>
        new(embedded.OwnerConnectionString(), embedded.AppConnectionString());

    /// <summary>The configuration's sources, in the same order as in the server.</summary>
    public static ConfigurationManager Settings(string[] args) => Builder(args).Configuration;

    static WebApplicationBuilder Builder(string[] args) => WebApplication.CreateBuilder(new WebApplicationOptions
    {
        Args = args, ContentRootPath = AppContext.BaseDirectory,
    });
}

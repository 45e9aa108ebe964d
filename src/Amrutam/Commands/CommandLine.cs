using System.CommandLine;
using System.Net.Sockets;
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

    // A command's output is its answer.
    static readonly string[] Quiet = ["--Logging:LogLevel:Default=Warning"];

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
        root.Add(AuditCommands.All((command, ct) => WithDatabase(command, ct, asOwner: false), WithServices));
        root.Add(Check());
        root.Add(FillWithDemo());
        root.Add(TransferCommands.Import(WithServices));
        root.Add(TransferCommands.Export(WithServices));
        root.Add(Describe());
        try
        {
            return await root.Parse(args).InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = LongestStop,
            });
        }
        catch (Exception e) when (Explain(e) is { } line)
        {
            await Console.Error.WriteLineAsync(line.ReplaceLineEndings(" "));
            return 1;
        }
    }

    /// <summary>The line for the operator about what ended a start or a command; null about a fault of the program,
    /// whose stack is needed.</summary>
    static string? Explain(Exception e) => e switch
    {
        StartupException or EmbeddedPostgresException => e.Message,
        _ when Database.FailureIn(e) is { } away => FirstConnection.Explain(away),
        CommitOutcomeUnknownException => "No standby confirmed the change, so it may be lost. Read the data before you "
            + "run the command again.",
        IOException or UnauthorizedAccessException or SocketException => e.Message,
        _ => null,
    };

    static async Task<int> Serve(string[] args, CancellationToken ct)
    {
        var builder = Program.Configure(args);
        using var logs = LoggerFactory.Create(o => o.AddLogs(builder.Environment));
        ListeningAddress.Check(HttpPipeline.Urls(builder.Configuration),
            builder.Configuration["Management:Url"] ?? ManagementSettings.DefaultUrl);
        await using var chosen = await ChosenDatabase.Open(builder, ownEmbedded: true,
            logs.CreateLogger<PrivatePostgres>(), ct);
        var migrated = await Migrator.Migrate(chosen.Database.Owner, Program.Modules, ct);
        if (migrated.Ahead is { } newer) SchemaVersion.LogAhead(logs.CreateLogger(typeof(SchemaVersion)), newer);
        await using var app = Program.Build(builder, await AppRoleLogin.Give(chosen.Database, ct));
        await CommitWatch.Check(app.Services.GetRequiredService<NpgsqlDataSource>(), ct);
        await ConnectionBudget.Check(app.Services.GetRequiredService<NpgsqlDataSource>(),
            app.Services.GetRequiredService<DatabaseSettings>(), ct);
        using (Tracing.Begin("start"))
        {
            await AppRoleLogin.Check(app.Services, ct);
            StartWarning.WriteAll(app.Services);
            // It is here and not in the host's start, which would put a stack trace around the one line for the
            // operator.
            await app.Services.GetRequiredService<SigningKeys>().Refresh(ct);
        }
        if (DemoClinic.IsWanted(app.Services)
            && await DemoClinic.Fill(app.Services) is { } invitation) Console.WriteLine(invitation);
        await app.RunAsync(ct);
        return 0;
    }

    static Task<int> Migrate(CancellationToken ct) => WithDatabase(async (_, database) =>
    {
        foreach (var name in (await Migrator.Migrate(database.Owner, Program.Modules, ct)).Applied)
            Console.WriteLine("applied " + name);
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
            await using var app = Program.Build(Quiet, new Database("Host=none", "Host=none"));
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
        WithDatabase(async (builder, database) =>
    {
        await Migrator.Migrate(database.Owner, Program.Modules, ct);
        await using var app = Program.Build(builder, await AppRoleLogin.Give(database, ct));
        using var activity = Tracing.Begin("command");
        await command(app.Services);
        return 0;
    }, ct);

    /// <summary>Runs a command against the given database or the embedded one. That one is already running, or starts
    /// for the command.</summary>
    /// <param name="asOwner">False for a command that the server's own login is enough for.</param>
    static async Task<int> WithDatabase(Func<WebApplicationBuilder, Database, Task<int>> command, CancellationToken ct,
        bool asOwner = true)
    {
        var builder = Program.Configure(Quiet);
        await using var chosen = await ChosenDatabase.Open(builder, ownEmbedded: false, NullLogger.Instance, ct,
            asOwner);
        return await command(builder, chosen.Database);
    }
}

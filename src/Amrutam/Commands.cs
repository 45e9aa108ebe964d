using System.CommandLine;
using Amrutam.Platform;

namespace Amrutam;

/// <summary>The program's commands; without one it serves.</summary>
static class Commands
{
    public static async Task<int> Run(string[] args)
    {
        var root = new RootCommand("Amrutam, a telemedicine backend") { TreatUnmatchedTokensAsErrors = false };
        var serve = new Command("serve", "Migrate the database and serve (the default)") { TreatUnmatchedTokensAsErrors = false };
        var migrate = new Command("migrate", "Bring the database to this version's schema");
        root.Add(serve);
        root.Add(migrate);
        root.SetAction((parsed, ct) => Serve(args, ct));
        serve.SetAction((parsed, ct) => Serve([.. args.Skip(1)], ct));
        migrate.SetAction((parsed, ct) => Migrate(ct));
        try
        {
            return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (StartupException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    static async Task<int> Serve(string[] args, CancellationToken ct)
    {
        var database = Given();
        await Migrator.Migrate(database.Owner, ct);
        await using var app = Program.Build(args, database);
        await app.RunAsync(ct);
        return 0;
    }

    static async Task<int> Migrate(CancellationToken ct)
    {
        foreach (var name in await Migrator.Migrate(Given().Owner, ct)) Console.WriteLine("applied " + name);
        return 0;
    }

    static Database Given()
    {
        var settings = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        return settings.GetConnectionString("Amrutam") is { } given
            ? Database.Given(given, settings.GetConnectionString("Owner"))
            : throw new StartupException("Set ConnectionStrings__Amrutam.");
    }
}

using System.CommandLine;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Platform.Transfer;
using Npgsql;

namespace Amrutam.Commands;

/// <summary><c>import</c> and <c>export</c>: a clinic's data from another system, and to one.</summary>
static class TransferCommands
{
    public delegate Task<int> RunWithServices(Func<IServiceProvider, Task> command, CancellationToken ct);

    public static Command Import(RunWithServices withServices)
    {
        var folder = new Option<string>("--folder") { Required = true, Description = "The folder of the CSV files" };
        var admin = new Option<string>("--by")
        {
            Required = true, Description = "The e-mail address of the admin who imports",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Judge every line, and change nothing" };
        var import = new Command("import", "Take a clinic's data from CSV files: all lines, or none")
        {
            folder, admin, dryRun,
        };
        import.SetAction((parsed, ct) => withServices(async services =>
        {
            var db = services.GetRequiredService<NpgsqlDataSource>();
            var by = await AdminAccount.Find(db, parsed.GetRequiredValue(admin), ct)
                ?? throw new StartupException("--by is not the address of an admin.");
            var report = await services.GetRequiredService<ImportFolder>().Run(parsed.GetRequiredValue(folder),
                new CurrentUser(by, Allow.Admin, Guid.Empty), parsed.GetValue(dryRun), ct);
            foreach (var line in report.Lines) Console.WriteLine(line);
            if (report.HasErrors) throw new StartupException($"{report.Count} errors; nothing was changed.");
            Console.WriteLine(parsed.GetValue(dryRun) ? "Nothing was changed: this was a dry run." : "Imported.");
        }, ct));
        return import;
    }

    public static Command Export(RunWithServices withServices)
    {
        var folder = new Option<string>("--folder") { Required = true, Description = "A new folder for the files" };
        var export = new Command("export", "Write the clinic's data to CSV files, without secrets") { folder };
        export.SetAction((parsed, ct) => withServices(async services =>
        {
            var rows = await services.GetRequiredService<ExportFolder>().Run(parsed.GetRequiredValue(folder), ct);
            Console.WriteLine($"{rows} rows are in {parsed.GetRequiredValue(folder)}.");
        }, ct));
        return export;
    }
}

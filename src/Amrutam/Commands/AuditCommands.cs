using System.CommandLine;
using Amrutam.Audit;
using Amrutam.Audit.Sealing;
using Amrutam.Platform.Data;
using Microsoft.Extensions.Logging.Abstractions;

namespace Amrutam.Commands;

/// <summary>The commands with which an auditor or an operator checks the sealed log.</summary>
static class AuditCommands
{
    const int Valid = 0, HasViolation = 1;

    // The walk uses one. The other queries use the rest.
    const int Connections = 2;

    public static Command All(
        Func<Func<WebApplicationBuilder, Database, Task<int>>, CancellationToken, Task<int>> withDatabase,
        Func<Func<IServiceProvider, Task>, CancellationToken, Task<int>> withServices)
    {
        var checkpoint = new Option<FileInfo>("--checkpoint")
        {
            Description = "A checkpoint that was kept outside the database, to compare with",
        };
        var verify = new Command("verify", "Compare the event log with its seals; ends with 0 when it is sound")
        {
            checkpoint,
        };
        // No migration runs first, because a verification must not change the database.
        verify.SetAction((parsed, ct) => withDatabase((builder, database) =>
            Verify(builder.Configuration, database, parsed.GetValue(checkpoint)?.FullName, ct), ct));
        var rotate = new Command("rotate-key", "Sign seals with a new key from the next one on");
        rotate.SetAction((_, ct) => withServices(async services =>
            Console.WriteLine($"Signing seals with key {await services.GetRequiredService<LogKeys>().Rotate()}."),
            ct));
        return new Command("audit", "The event log and its seal") { verify, rotate };
    }

    static async Task<int> Verify(IConfiguration settings, Database database, string? checkpoint,
        CancellationToken ct)
    {
        database = await AppRoleLogin.Find(database, ct);
        await using var db = database.Open("amrutam audit", Connections, NullLoggerFactory.Instance);
        var folder = AuditSettings.Folder(settings) is { } path ? new Checkpoints(path) : null;
        var verify = new VerifyLog(db, folder);
        try
        {
            var end = await verify.ToTheEnd(VerifyLog.Reached.Nothing, ct);
            var violation = end.Violation ?? (checkpoint is null ? null : await verify.Against(checkpoint, ct));
            Console.WriteLine(violation is null ? Sound(end.Reached, folder, checkpoint) : $"broken: {violation}");
            return violation is null ? Valid : HasViolation;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The checkpoint cannot be compared with: {e.Message}", e);
        }
    }

    static string Sound(VerifyLog.Reached end, Checkpoints? folder, string? checkpoint) => FormattableString.Invariant(
        $"valid: {end.Events} events in {end.Number} seals, through event {end.Through}")
        + (folder is null && checkpoint is null
            ? "; no checkpoint was given, so an end that was cut off or a chain that was rebuilt would not show"
            : "; as published in " + (checkpoint ?? folder!.Folder));
}

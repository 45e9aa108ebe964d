using System.Text;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Limits;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Identity.Privacy;

/// <summary>Gives all stored data about the caller as one JSON object.</summary>
static class ExportMe
{
    const string Exports = "exports of an account";

    // The export reads every table, so it is limited.
    const int PerMinute = 3;
    static readonly byte[] FileEnd = "}\n"u8.ToArray();

    public static void Map(RouteGroupBuilder me) => me.MapGet("/export", Handle).WithSummary("Export all your data")
        .WithDescription("One JSON object with every record about the caller, by section.")
        .Produces<object>(200, "application/json").WithProblems(CommonProblems.TooMany);

    static async Task<Results<Downloads.Download, ProblemHttpResult>> Handle(HttpContext http, CurrentUser caller,
        NpgsqlDataSource db, IEnumerable<IPersonalData> parts, AttemptLimiter attempts, Downloads downloads)
    {
        var wait = await attempts.CountInMinute(Exports, caller.Id.ToString(), PerMinute);
        if (wait > 0) return IdentityProblems.ComeBack(http, wait);
        return downloads.Of(caller, "application/json", "amrutam-export.json",
            (file, ct) => Write(file, caller.Id, db, parts, ct));
    }

    static async Task Write(Stream file, Guid person, NpgsqlDataSource db, IEnumerable<IPersonalData> parts,
        CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        var separator = '{';
        foreach (var member in parts.SelectMany(part => part.Export(connection, person)))
        {
            await file.WriteAsync(Encoding.UTF8.GetBytes($"{separator}\"{member.Section}\":"), ct);
            separator = ',';
            var before = '[';
            await foreach (var row in member.Rows.Stream(row => row.GetString(0), ct))
            {
                await file.WriteAsync(Encoding.UTF8.GetBytes(before + row), ct);
                before = ',';
            }
            await file.WriteAsync(Encoding.UTF8.GetBytes(before == '[' ? "[]" : "]"), ct);
        }
        await file.WriteAsync(FileEnd, ct);
    }
}

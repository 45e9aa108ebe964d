using System.Diagnostics;
using System.Text.RegularExpressions;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Tidy.Statements;

/// <summary>docs/schema.sql is pg_dump's text of the migrated schema.</summary>
[Trait("Approves", "contract")]
public sealed partial class SchemaTests(TestCluster cluster)
{
    // Another version of pg_dump writes the same schema differently.
    const string WrittenBy = "15";

    [Fact]
    public async Task The_approved_schema_is_what_the_migrations_make()
    {
        var database = new NpgsqlConnectionStringBuilder((await cluster.DatabaseOfMigrationsAlone()).Owner);
        Assert.SkipUnless(await Dump("", "--version") is { } version && version.Contains($") {WrittenBy}."),
            $"pg_dump {WrittenBy} is not here");
        var dump = await Dump(database.Password!, "--schema-only", "--no-owner", $"--host={database.Host}",
            $"--port={database.Port}",
            $"--username={database.Username}", "--exclude-table=audit.events_2*", database.Database!);
        Normal(dump).ShouldBeApproved("docs/schema.sql");
    }

    /// <summary>The text without the parts that differ from run to run: versions, settings and keys of the
    /// dump.</summary>
    static string Normal(string dump) => "-- Made from the migrations by pg_dump; reviewed, not edited.\n\n"
        + ManyBlanks().Replace(Noise().Replace(dump, ""), "\n\n").Trim() + "\n";

    static async Task<string> Dump(string password, params string[] arguments)
    {
        var start = new ProcessStartInfo("pg_dump", arguments) { UseShellExecute = false };
        start.Environment["PGPASSWORD"] = password;
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, await errors);
        return await output;
    }

    [GeneratedRegex(@"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)$", RegexOptions.Multiline,
        matchTimeoutMilliseconds: 5000)]
    private static partial Regex Noise();

    [GeneratedRegex(@"\n\s*\n+", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex ManyBlanks();
}

using System.Security.Cryptography;
using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Modules;
using Amrutam.Platform.Transfer;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Platform.Transfer;

/// <summary>The export has every table but secrets, of one instant.</summary>
public sealed class ExportTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    /// <summary>Names of columns that sound secret. A new one is declared secret, or it is added here with a
    /// reason.</summary>
    static readonly string[] SoundSecret = ["hash", "secret", "password", "stamp", "sealed", "token", "key"];

    static readonly string[] NotSecret =
    [
        // A patient's number in the queue.
        "scheduling.queue_entries.token", "scheduling.queues.last_token",
        // The dimension of a roll-up.
        "analytics.daily.key",
        "audit.seals.sealed_at",
        // The sum of a migration's text.
        "platform.migrations.hash",
    ];

    [Fact]
    public async Task Every_table_that_is_not_secret_is_written_whole_with_its_sum()
    {
        var doctor = await fixture.Server.Doctor();
        (await (await fixture.Server.User("patient", "=cmd, \"quoted\"")).Book(await doctor.Slot(1))).Is(201);
        var folder = Path.Combine(Path.GetTempPath(), "amrutam-export-" + Guid.CreateVersion7());
        var rows = await Export(folder);
        var manifest = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, ExportFolder.Manifest)))
            .RootElement;
        manifest.GetProperty("format").GetInt32().ShouldBe(ExportFolder.Format);
        var (sum, names) = (0L, new List<string>());
        foreach (var table in manifest.GetProperty("tables").EnumerateArray())
        {
            var (name, file) = (table.GetProperty("name").GetString()!, table.GetProperty("file").GetString()!);
            var content = await File.ReadAllBytesAsync(Path.Combine(folder, file));
            Convert.ToHexStringLower(SHA256.HashData(content)).ShouldBe(table.GetProperty("sha256").GetString());
            sum += table.GetProperty("rows").GetInt64();
            names.Add(name);
        }
        sum.ShouldBe(rows);
        names.Concat(manifest.GetProperty("left_out").EnumerateArray().Select(name => name.GetString()!))
            .ShouldBe(Tables.Select(table => table.Name), ignoreOrder: true);
        var users = await File.ReadAllTextAsync(Path.Combine(folder, "identity.users.csv"));
        users.ShouldContain("\"=cmd, \"\"quoted\"\"\"");
        (await File.ReadAllLinesAsync(Path.Combine(folder, "scheduling.bookings.csv"))).Length.ShouldBeGreaterThan(1);
        (await Export(folder).ShouldThrowAsync<StartupException>()).Message.ShouldContain("is not empty");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_column_that_sounds_secret_is_left_out()
    {
        var columns = await fixture.Server.Owner.Statement("""
            select format('%I.%I', table_schema, table_name), column_name::text from information_schema.columns
             where table_schema not in ('pg_catalog', 'information_schema')
            """).List(row => (Table: row.GetString(0), Column: row.GetString(1)));
        var secrets = Tables.ToDictionary(table => table.Name, table => table.Secrets ?? []);
        columns.Where(c => secrets.TryGetValue(c.Table, out var left) && !left.Contains("*")
                && !left.Contains(c.Column) && !NotSecret.Contains($"{c.Table}.{c.Column}")
                && c.Column.Split('_').Intersect(SoundSecret).Any())
            .Select(c => $"{c.Table}.{c.Column}").ShouldBeEmpty();
    }

    IEnumerable<Table> Tables =>
        fixture.Server.App.Services.GetRequiredService<IReadOnlyList<DeclaredModule>>().SelectMany(m => m.Tables);

    Task<long> Export(string folder) =>
        fixture.Server.App.Services.GetRequiredService<ExportFolder>().Run(folder, CancellationToken.None);
}

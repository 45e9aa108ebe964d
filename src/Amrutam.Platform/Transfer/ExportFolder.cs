using System.Data;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Modules;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Platform.Transfer;

/// <summary>Writes the installation's tables to CSV files of one instant, without secrets.</summary>
/// <remarks>PostgreSQL writes the lines, and no more than a buffer of them is in memory. The files are for programs: a
/// text that begins as a formula stays as it is.</remarks>
sealed class ExportFolder(NpgsqlDataSource db, IReadOnlyList<DeclaredModule> modules, TimeProvider clock)
{
    /// <summary>The number of the format. It changes when a reader of the former one would fail.</summary>
    public const int Format = 1;

    public const string Manifest = "manifest.json";

    const int BufferSize = 1 << 15;

    const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    /// <param name="Sha256">Of the file, in hexadecimal digits.</param>
    sealed record ExportedTable(string Name, string File, IReadOnlyList<string> Columns, long Rows, string Sha256);

    /// <returns>The number of rows of all files.</returns>
    /// <exception cref="StartupException">The folder has files already.</exception>
    public async Task<long> Run(string folder, CancellationToken ct)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new StartupException($"{folder} is not empty; give a new folder.");
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, Private);
        await using var connection = await db.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var tables = modules.SelectMany(module => module.Tables).ToLookup(table => IsLeftOut(table));
        var written = new List<ExportedTable>();
        foreach (var table in tables[false].OrderBy(table => table.Name, StringComparer.Ordinal))
            written.Add(await Write(connection, folder, table, ct));
        var manifest = new
        {
            Format, TelemetrySetup.Version, ExportedAt = clock.GetUtcNow(), Tables = written,
            LeftOut = tables[true].Select(table => table.Name).Order(StringComparer.Ordinal),
        };
        // Last, so that a folder without it is an export that failed.
        await File.WriteAllBytesAsync(Path.Combine(folder, Manifest),
            JsonSerializer.SerializeToUtf8Bytes(manifest, Readable), ct);
        return written.Sum(table => table.Rows);
    }

    static bool IsLeftOut(Table table) => table.Secrets?.Contains(Table.All[0]) is true;

    static async Task<ExportedTable> Write(NpgsqlConnection connection, string folder, Table table,
        CancellationToken ct)
    {
        var columns = await connection.Statement(SelectColumns).With(table.Name).With(table.Secrets ?? [])
            .List(row => row.GetString(0), ct);
        var rows = await connection.Statement($"select count(*) from {table.Name}").Value<long>(ct);
        var file = table.Name + ".csv";
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var target = File.Create(Path.Combine(folder, file));
        using var lines = await connection.BeginTextExportAsync(
            $"copy (select {string.Join(", ", columns)} from {table.Name}) to stdout with (format csv, header)", ct);
        var (text, bytes) = (new char[BufferSize], new byte[Encoding.UTF8.GetMaxByteCount(BufferSize)]);
        // A character of four bytes may lie on both sides of a read.
        var encoder = Encoding.UTF8.GetEncoder();
        for (int read; (read = await lines.ReadAsync(text, ct)) > 0;)
        {
            var length = encoder.GetBytes(text.AsSpan(0, read), bytes, flush: false);
            hash.AppendData(bytes, 0, length);
            await target.WriteAsync(bytes.AsMemory(0, length), ct);
        }
        return new(table.Name, file, columns, rows, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    // The names come from the modules' declarations, and PostgreSQL quotes them where it must.
    const string SelectColumns = """
        select quote_ident(attname) from pg_attribute
         where attrelid = $1::regclass and attnum > 0 and not attisdropped and attname <> all($2)
         order by attnum
        """;
}

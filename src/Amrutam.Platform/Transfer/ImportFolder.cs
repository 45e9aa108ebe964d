using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using CsvHelper;
using Npgsql;

namespace Amrutam.Platform.Transfer;

/// <summary>Imports the files of a folder: all lines, or none.</summary>
/// <remarks>Every line is judged, so that one run reports all errors. A line whose external id was imported before is
/// passed, so a second run changes nothing.</remarks>
sealed class ImportFolder(NpgsqlDataSource db, IEnumerable<IImportedFile> files)
{
    const string ExternalId = "external_id", Extension = ".csv";
    const int MaxExternalId = 200;

    // An import may take half of PostgreSQL's locks. The servers need the rest.
    const int LocksLeftToOthers = 2;

    static readonly CsvReaderOptions Options = new()
    {
        Separator = ',', TrimWhitespace = true, TrackLineNumbers = true, IncludeValuesInExceptions = false,
        MaxRecordSize = 1 << 16, MalformedData = CsvMalformedDataHandling.Throw,
        FieldCountMismatch = CsvFieldCountHandling.Throw,
    };

    readonly IImportedFile[] _files = [.. files.OrderBy(file => file.Order)];

    /// <param name="dryRun">True: judge every line, and change nothing.</param>
    /// <exception cref="StartupException">The folder has no file of an import, or one that is none.</exception>
    public async Task<ImportReport> Run(string folder, CurrentUser by, bool dryRun, CancellationToken ct)
    {
        Check(folder);
        var report = new ImportReport();
        await using var connection = await db.OpenConnectionAsync(ct);
        await CheckLocks(connection, folder, ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Two imports at once would both take a line.
        await connection.Statement(LockImports).Execute();
        var imported = new Dictionary<(string File, string ExternalId), Guid>();
        foreach (var row in await connection.Statement(SelectImported)
            .List(row => (File: row.GetString(0), ExternalId: row.GetString(1), Id: row.GetGuid(2)), ct))
            imported[(row.File, row.ExternalId)] = row.Id;
        foreach (var file in _files)
            await Take(connection, folder, file, imported, by, report, ct);
        if (dryRun || report.HasErrors) await transaction.RollbackAsync(ct);
        else await transaction.CommitAsync(ct);
        return report;
    }

    void Check(string folder)
    {
        if (!Directory.Exists(folder)) throw new StartupException($"There is no folder {folder}.");
        var known = _files.Select(file => file.Name + Extension).ToHashSet(StringComparer.Ordinal);
        var given = Directory.EnumerateFiles(folder, "*" + Extension).Select(path => Path.GetFileName(path)).ToList();
        if (given.Find(name => !known.Contains(name)) is { } foreign)
            throw new StartupException($"{foreign} is no file of an import. Those are: {string.Join(", ", known)}.");
        if (given.Count == 0) throw new StartupException($"{folder} has none of {string.Join(", ", known)}.");
    }

    async Task CheckLocks(NpgsqlConnection connection, string folder, CancellationToken ct)
    {
        var room = await connection.Statement(SelectRoomForLocks).Value<long>(ct) / LocksLeftToOthers;
        foreach (var file in _files.Where(file => file.LocksPerLine > 0))
        {
            var path = Path.Combine(folder, file.Name + Extension);
            var lines = File.Exists(path) ? File.ReadLines(path).LongCount() : 0;
            if (lines * file.LocksPerLine > room)
                throw new StartupException($"{file.Name}{Extension} has {lines} lines, and PostgreSQL has room for "
                    + $"{room / file.LocksPerLine}. Raise max_locks_per_transaction, or import several smaller files.");
        }
    }

    static async Task Take(NpgsqlConnection connection, string folder, IImportedFile file,
        Dictionary<(string File, string ExternalId), Guid> imported, CurrentUser by, ImportReport report,
        CancellationToken ct)
    {
        var path = Path.Combine(folder, file.Name + Extension);
        if (!File.Exists(path)) return;
        await using var csv = CsvReader.Create(File.OpenRead(path), Options);
        var columns = await ReadHeader(csv, file, ct);
        var (taken, known, seen) = (0, 0, new Dictionary<string, long>(StringComparer.Ordinal));
        while (await Read(csv, file.Name, report, ct))
        {
            var number = csv.LineNumber;
            var values = columns.Select((name, i) => (name, value: csv.GetString(i)))
                .Where(field => field.value.Length > 0)
                .ToDictionary(field => field.name, field => field.value, StringComparer.Ordinal);
            var id = values.GetValueOrDefault(ExternalId);
            if (id is null || id.Length > MaxExternalId || id.Any(char.IsControl))
                report.Refuse(file.Name, number,
                    $"{ExternalId} must have 1 to {MaxExternalId} characters, and no control characters");
            else if (!seen.TryAdd(id, number))
                report.Refuse(file.Name, number, $"{ExternalId} is also that of line {seen[id]}");
            else if (imported.ContainsKey((file.Name, id))) known++;
            else
            {
                var line = new ImportLine(values, (of, name) => imported.TryGetValue((of, name), out var row) ? row
                    : null);
                foreach (var required in file.Required)
                    line.Fields.Refuse(!values.ContainsKey(required), required, "is required");
                var row = line.Fields.Wrong ? null : await file.Take(connection, line, by);
                foreach (var (field, errors) in line.Fields.Errors)
                    report.Refuse(file.Name, number, $"{field} {string.Join(", ", errors)}");
                if (row is not { } made) continue;
                taken++;
                imported[(file.Name, id)] = made;
                await connection.Statement(Remember).With(file.Name).With(id).With(made).Execute();
            }
        }
        report.Add(file.Name, taken, known);
    }

    /// <summary>Advances to the next line. A file that is no CSV ends there.</summary>
    static async Task<bool> Read(CsvReader csv, string file, ImportReport report, CancellationToken ct)
    {
        try
        {
            return await csv.ReadAsync(ct);
        }
        catch (CsvFormatException e)
        {
            report.Refuse(file, e.LineNumber, "is no CSV with the columns of the header: " + e.Message);
            return false;
        }
    }

    static async Task<IReadOnlyList<string>> ReadHeader(CsvReader csv, IImportedFile file, CancellationToken ct)
    {
        try
        {
            await csv.ReadHeaderAsync(ct);
        }
        catch (CsvFormatException e)
        {
            throw new StartupException($"{file.Name}{Extension} has no header: {e.Message}");
        }
        var header = csv.Headers;
        if (header.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new StartupException($"{file.Name}{Extension} has the column {twice.Key} twice.");
        string[] allowed = [ExternalId, .. file.Columns];
        var unknown = header.Except(allowed, StringComparer.Ordinal).FirstOrDefault();
        if (unknown is not null)
            throw new StartupException($"{file.Name}.csv has the unknown column {unknown}. Known are: "
                + string.Join(", ", allowed) + '.');
        string[] required = [ExternalId, .. file.Required];
        return required.Except(header, StringComparer.Ordinal).FirstOrDefault() is { } missing
            ? throw new StartupException($"{file.Name}.csv has no column {missing}.")
            : header;
    }

    const string LockImports = "select pg_advisory_xact_lock(hashtextextended('import', 0))";

    const string SelectImported = "select file, external_id, row_id from platform.imported_rows";

    const string Remember = "insert into platform.imported_rows (file, external_id, row_id) values ($1, $2, $3)";

    const string SelectRoomForLocks = """
        select current_setting('max_locks_per_transaction')::bigint
             * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint)
        """;
}

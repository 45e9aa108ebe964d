namespace Amrutam.Platform.Transfer;

/// <summary>The result of an import: the lines taken, those that were there already, and the errors.</summary>
sealed class ImportReport
{
    // More lines help nobody: they come of one mistake.
    public const int MostErrors = 1000;

    readonly List<string> _errors = [];
    readonly List<(string File, int Taken, int Known)> _files = [];

    public bool HasErrors => Count > 0;

    public int Count { get; private set; }

    /// <param name="line">The number of the line, which counts from 1 with the header.</param>
    public void Refuse(string file, long line, string error)
    {
        Count++;
        if (_errors.Count < MostErrors) _errors.Add($"{file}.csv line {line}: {error}");
    }

    public void Add(string file, int taken, int known) => _files.Add((file, taken, known));

    public IEnumerable<string> Lines => _errors
        .Concat(Count > _errors.Count ? [$"… and {Count - _errors.Count} more errors"] : [])
        .Concat(_files.Select(f => $"{f.File}.csv: {f.Taken} lines taken, {f.Known} were there already"));
}

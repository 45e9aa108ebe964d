using System.ComponentModel.DataAnnotations;
using Amrutam.Platform.Data;

namespace Amrutam.Audit;

/// <summary>What an operator may decide about the event log (section <c>Audit</c>).</summary>
sealed class AuditSettings
{
    const string FolderName = "checkpoints";

    /// <summary>Where checkpoints go beside the database. Unset: the data directory, when the database is the embedded
    /// one there; else, and when empty, nowhere.</summary>
    /// <remarks>No default for a database elsewhere: two of them would meet in one folder, which looks like a chain
    /// that was rebuilt.</remarks>
    public string? CheckpointFolder { get; init; }

    // A seal is due within 10 s; half of that leaves time for a slow pass.
    [Range(1, 5)] public int SealSeconds { get; init; } = 2;

    // Seven years. The database refuses less than one, whatever is asked of it.
    [Range(12, 1200)] public int RetentionMonths { get; init; } = 84;

    // The whole log is compared with its seals this often; the newest events each minute.
    [Range(1, 24 * 30)] public int CheckHours { get; init; } = 24;

    public static string? Folder(IConfiguration settings) =>
        settings["Audit:CheckpointFolder"] is { } given ? given.Length > 0 ? given : null
        : settings.GetConnectionString("Amrutam") is { Length: > 0 } ? null
        : Path.Combine(DataSettings.DirectoryOf(settings), FolderName);
}

using Npgsql;

namespace Amrutam.Platform;

/// <summary>What one module holds about a person: given out on their wish, and erased on their wish.</summary>
/// <remarks>Each module answers for its own tables; who asks is Identity, which knows when and whom.</remarks>
interface IPersonalData
{
    /// <summary>The member of the export that it fills.</summary>
    string Section { get; }

    /// <summary>Everything about the person, as one JSON object per row, read row by row on an open
    /// connection.</summary>
    IAsyncEnumerable<string> Export(NpgsqlConnection connection, Guid person, CancellationToken ct);

    /// <summary>Erases what names or describes the person, in the transaction of the whole; ids stay, as
    /// pseudonyms.</summary>
    Task Erase(NpgsqlConnection connection, Guid person);
}

using Amrutam.Platform.Http;
using Npgsql;

namespace Amrutam.Platform.Transfer;

/// <summary>Takes the lines of one file of an import into its module's tables, by the rules of its module's
/// routes.</summary>
interface IImportedFile
{
    /// <summary>The name of the file without <c>.csv</c>.</summary>
    string Name { get; }

    /// <summary>Files are taken in ascending order, because a line names lines of earlier files.</summary>
    int Order { get; }

    /// <summary>The columns beside <c>external_id</c>. Those of <see cref="Required"/> must be there.</summary>
    IReadOnlyList<string> Columns { get; }

    IReadOnlyList<string> Required { get; }

    /// <summary>The locks that PostgreSQL keeps for a line until the import ends, at most.</summary>
    int LocksPerLine => 0;

    /// <summary>Takes one line, in the transaction of the import.</summary>
    /// <param name="by">The admin who imports; the actor of the events.</param>
    /// <returns>The id of the new row; null if the line has errors, which are in the line.</returns>
    Task<Guid?> Take(NpgsqlConnection connection, ImportLine line, CurrentUser by);
}

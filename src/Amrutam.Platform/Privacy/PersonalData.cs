using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Platform.Privacy;

/// <summary>What one module holds about a person: given out, ended and erased on their wish.</summary>
/// <remarks>Each module answers for its own tables; who asks is Identity, which knows when and whom.</remarks>
interface IPersonalData
{
    /// <summary>Everything about the person, member by member; each is read when it is its turn.</summary>
    IEnumerable<PersonalRows> Export(NpgsqlConnection connection, Guid person);

    /// <summary>Ends what others count on the person for, in the transaction that closes the account, so that they hear
    /// of it; once more before the data is erased.</summary>
    /// <param name="by">The person, or null for the job that erases: then the system is the actor of every
    /// event.</param>
    /// <returns>Why the person cannot leave now, or null.</returns>
    Task<Problem?> Leave(NpgsqlConnection connection, Guid person, CurrentUser? by) => Task.FromResult<Problem?>(null);

    /// <summary>Takes back of it what can be, in the transaction that opens the account again.</summary>
    Task Return(NpgsqlConnection connection, Guid person) => Task.CompletedTask;

    /// <summary>Erases what names or describes the person, in the transaction of the whole; ids stay, as
    /// pseudonyms.</summary>
    Task Erase(NpgsqlConnection connection, Guid person);
}

/// <summary>One member of the export.</summary>
/// <param name="Section">Its name.</param>
/// <param name="Rows">Gives one JSON object per row, as text.</param>
sealed record PersonalRows(string Section, Statement Rows);

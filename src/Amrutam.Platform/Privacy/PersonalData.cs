using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Platform.Privacy;

/// <summary>The data that one module holds about a person, to be exported, ended and erased on their request.</summary>
/// <remarks>Each module implements it for its own tables. Identity calls it, because Identity knows the person and the
/// time.</remarks>
interface IPersonalData
{
    /// <summary>All data about the person, member by member. A member is read when its turn comes.</summary>
    IEnumerable<PersonalRows> Export(NpgsqlConnection connection, Guid person);

    /// <summary>Ends what others expect of the person, for example their appointments, in the transaction that closes
    /// the account. So the others learn of it at once. It is called once more before the data is erased.</summary>
    /// <param name="by">The person; null for the job that erases, and then the system is the actor of every
    /// event.</param>
    /// <returns>The problem that keeps the person from leaving now, or null.</returns>
    Task<Problem?> Leave(NpgsqlConnection connection, Guid person, CurrentUser? by) => Task.FromResult<Problem?>(null);

    /// <summary>Undoes as much of it as possible, in the transaction that opens the account again.</summary>
    Task Return(NpgsqlConnection connection, Guid person) => Task.CompletedTask;

    /// <summary>Erases what names or describes the person, in the transaction of all modules. Ids stay, as
    /// pseudonyms.</summary>
    Task Erase(NpgsqlConnection connection, Guid person);
}

/// <summary>One member of the export.</summary>
/// <param name="Section">Its name.</param>
/// <param name="Rows">Gives one JSON object per row, as text.</param>
sealed record PersonalRows(string Section, Statement Rows);

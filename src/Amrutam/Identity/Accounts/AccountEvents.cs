using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Identity.Accounts;

/// <summary>Appends the event of a change that ASP.NET Core Identity's stores made, on the connection whose transaction
/// made it.</summary>
static class AccountEvents
{
    /// <param name="details">A small JSON object without personal data, or null.</param>
    public static Task<int> Append(this NpgsqlConnection connection, string action, Guid account, Guid? actor,
        string actorRole, string? details = null) =>
        connection.Statement(Insert).With(actor).With(actorRole).With(action).With(account).WithJson(details)
            .With(CommonProblems.Trace()).Execute();

    const string Insert = """
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        values ($1, $2, $3, 'account', $4, $5, $6)
        """;
}

using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Tests.Support.Observing;

/// <summary>Appends events like a change of the product.</summary>
static class Log
{
    public static Task<int> Append(this NpgsqlDataSource db, string action, string entity, Guid? id,
        string? details = null, string? at = null, Guid? actor = null) =>
        at is null
            ? db.Statement(Insert).With(action).With(entity).With(id).WithJson(details).With(actor).Execute()
            : db.Statement(InsertAt).With(action).With(entity).With(id).WithJson(details).With(actor).With(at)
                .Execute();

    public static Task<int> Append(this NpgsqlConnection connection, string action, string entity, Guid? id) =>
        connection.Statement(Insert).With(action).With(entity).With(id).WithJson(null).With((Guid?)null).Execute();

    const string Insert = """
        insert into audit.events (action, entity, entity_id, details, actor_id) values ($1, $2, $3, $4, $5)
        """;

    // Only the owner may date an event.
    const string InsertAt = """
        insert into audit.events (action, entity, entity_id, details, actor_id, at)
        values ($1, $2, $3, $4, $5, $6::timestamptz)
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Platform.Idempotency;

/// <summary>The stored responses to a person's keyed requests, for a day.</summary>
sealed class IdempotencyPersonalData : IPersonalData
{
    public IEnumerable<PersonalRows> Export(NpgsqlConnection connection, Guid person) =>
        [new("remembered_requests", connection.Statement(Requests).With(person))];

    public Task Erase(NpgsqlConnection connection, Guid person) => connection.Statement(Forget).With(person).Execute();

    const string Requests = """
        select jsonb_build_object('route', route, 'key', key, 'status', status, 'body', body, 'created_at', created_at)
               ::text
          from platform.idempotency_keys where user_id = $1 order by created_at
        """;

    const string Forget = "delete from platform.idempotency_keys where user_id = $1";
}

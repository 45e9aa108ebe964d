using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Audit.Reading;

/// <summary>The events of a person: their actions, and changes of their account. Events name nobody, so they stay after
/// erasure.</summary>
/// <remarks>Other actors appear by role only.</remarks>
sealed class EventPersonalData : IPersonalData
{
    public IEnumerable<PersonalRows> Export(NpgsqlConnection connection, Guid person) =>
        [new("events", connection.Statement(ReadAll).With(person))];

    public Task Erase(NpgsqlConnection connection, Guid person) => Task.CompletedTask;

    // Two index scans instead of one scan of the table.
    const string ReadAll = """
        select jsonb_build_object('at', at, 'action', action, 'entity', entity, 'entity_id', entity_id,
               'by_you', by_you, 'role', actor_role, 'details', details)::text
          from (select *, true as by_you from audit.every_event where actor_id = $1
                 union all
                select *, false from audit.every_event where entity_id = $1 and actor_id is distinct from $1) mine
         order by at, position
        """;
}

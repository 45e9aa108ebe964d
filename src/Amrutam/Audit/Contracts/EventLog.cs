using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using NodaTime;
using Npgsql;

namespace Amrutam.Audit.Contracts;

/// <summary>An event with its actor's role, without ids.</summary>
sealed record Happened(Instant At, string Action, string Entity, string? ActorRole);

/// <summary>Reads the newest events, without those that record a read: reading this list writes one itself.</summary>
/// <remarks>The reader's own sign-ins are left out too: each visit would push the clinic's events out of the
/// list.</remarks>
sealed class EventLog(NpgsqlDataSource db)
{
    public Task<List<Happened>> Newest(int most, Guid? reader, CancellationToken ct) =>
        db.Statement(ReadNewest).With(most).With(reader).List(row =>
        new Happened(row.GetInstant(0), row.GetString(1), row.GetString(2), row.GetStringOrNull(3)), ct);

    const string ReadNewest = $"""
        select at, action, entity, actor_role from audit.events where entity <> '{RecordAccess.Entity}'
           and (entity <> 'session' or actor_id is distinct from $2::uuid)
         order by at desc, position desc limit $1
        """;
}

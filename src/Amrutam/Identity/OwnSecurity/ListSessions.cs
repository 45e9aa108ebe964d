using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Identity.OwnSecurity;

/// <summary>Lists the caller's live sessions with their device, network and times.</summary>
static class ListSessions
{
    [SchemaName("Session")]
    sealed record Session(Guid Id, string Kind, string? Device, string? Network, bool SecondFactor, Instant CreatedAt,
        Instant LastSeenAt, Instant ExpiresAt, bool Current);

    public static void Map(RouteGroupBuilder sessions) =>
        sessions.MapGet("", Handle).WithSummary("List your sessions")
            .WithDescription("The live sessions of the account, the latest use first, at most 100.");

    static async Task<Ok<Page<Session>>> Handle(CurrentUser caller, NpgsqlDataSource db, CancellationToken ct) =>
        TypedResults.Ok(new Page<Session>(await db.Statement(ReadLive).With(caller.Id).List(row => new Session(
            row.GetGuid(0), row.GetString(1), row.GetStringOrNull(2), row.GetStringOrNull(3), row.GetBoolean(4),
            row.GetInstant(5), row.GetInstant(6), row.GetInstant(7), row.GetGuid(0) == caller.Session), ct), null));

    // The limit bounds the answer; a person looks for the latest.
    const string ReadLive = """
        select id, kind, device, network, second_factor, created_at, last_seen_at, expires_at from identity.sessions
         where user_id = $1 and ended_at is null and expires_at > now()
         order by last_seen_at desc limit 100
        """;
}

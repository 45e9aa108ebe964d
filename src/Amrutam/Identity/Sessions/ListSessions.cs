using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.OpenApi;
using NodaTime;
using Npgsql;

namespace Amrutam.Identity.Sessions;

/// <summary>Lists where the caller is signed in: on what, since when, and roughly from where.</summary>
static class ListSessions
{
    [SchemaName("Session")]
    sealed record Session(Guid Id, string Kind, string? Device, string? Network, bool SecondFactor, Instant CreatedAt,
        Instant LastSeenAt, Instant ExpiresAt,
        bool Current);

    public static void Map(RouteGroupBuilder sessions) =>
        sessions.MapGet("", Handle).WithSummary("List your sessions")
            .WithDescription("The live sessions of the account, the latest use first, at most 100.")
            .Produces<Page<Session>>();

    static async Task<IResult> Handle(CurrentUser caller, NpgsqlDataSource db, CancellationToken ct) =>
        TypedResults.Ok(new Page<Session>(await db.Statement(ReadLive).With(caller.Id)
            .List(row => new Session(row.GetGuid(0), row.GetString(1),
            row.GetStringOrNull(2), row.GetStringOrNull(3), row.GetBoolean(4), row.GetInstant(5), row.GetInstant(6),
                row.GetInstant(7),
            row.GetGuid(0) == caller.Session), ct), null));

    // More than a hundred at once is nobody's; the latest are what a person looks for.
    const string ReadLive = """
        select id, kind, device, network, second_factor, created_at, last_seen_at, expires_at from identity.sessions
         where user_id = $1 and ended_at is null and expires_at > now()
         order by last_seen_at desc limit 100
        """;
}

using Amrutam.Identity.Tokens;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Identity.Sessions;

/// <summary>Exchanges a refresh token for the next pair of tokens. Each refresh token works once.</summary>
/// <remarks> A used token within the grace period whose successor is unused means a lost response. Then the same
/// successor is returned again, so fifty requests at once leave one live family. Otherwise a used token was stolen, and
/// the session ends. </remarks>
static class RefreshSession
{
    public sealed record Request(string RefreshToken);

    sealed record Found(Guid Session, Guid User, string Role, bool SecondFactor, bool Live, bool Expired, bool Used,
        bool MayRepeat, byte[]? Successor, TimeSpan SessionLeft);

    sealed record Outcome(TokenPair? Tokens, Guid? EndedSession);

    const int MaxLength = 200;

    public static void Map(RouteGroupBuilder auth) =>
        auth.MapPost("/refresh", Handle).WithSummary("Renew the access token")
            .WithDescription("Uses the refresh token once. A second use of it ends the session.")
        .WithProblems(IdentityProblems.InvalidRefreshToken);

    static async Task<Results<Ok<TokenPair>, ProblemHttpResult>> Handle(Request request, NpgsqlDataSource db,
        SessionStore sessions, Revocations revocations, IdentitySettings settings)
    {
        if (request.RefreshToken.Length is 0 or > MaxLength) return IdentityProblems.InvalidRefreshToken.Because();
        var outcome = await db.InTransaction(connection =>
            Rotate(connection, request.RefreshToken, sessions, settings));
        if (outcome.EndedSession is { } ended) revocations.Add(ended);
        return outcome.Tokens is { } tokens ? TypedResults.Ok(tokens) : IdentityProblems.InvalidRefreshToken.Because();
    }

    static async Task<Outcome> Rotate(NpgsqlConnection connection, string token, SessionStore sessions,
        IdentitySettings settings)
    {
        var hash = RefreshToken.Hash(token);
        await connection.Statement(LockSession).With(hash).Execute();
        var found = await connection.Statement(Find).With(hash).With(settings.RefreshGraceSeconds)
            .One(row => new Found(row.GetGuid(0), row.GetGuid(1), row.GetString(2), row.GetBoolean(3),
                row.GetBoolean(4), row.GetBoolean(5), row.GetBoolean(6), row.GetBoolean(7), row.GetBytesOrNull(8),
                TimeSpan.FromSeconds(row.GetDouble(9))));
        if (found is not { Live: true } || found is { Used: false, Expired: true }) return new(null, null);
        var user = new CurrentUser(found.User, found.Role, found.Session, found.SecondFactor);
        if (found is { Used: true, MayRepeat: true })
            return new(sessions.Tokens(user, RefreshToken.DecryptSuccessor(token, found.Successor!),
                found.SessionLeft), null);
        if (found.Used)
        {
            await connection.Statement(EndFamily).With(found.Session).With(CommonProblems.Trace()).Execute();
            return new(null, found.Session);
        }
        var successor = RefreshToken.New();
        await connection.Statement(UseAndFollow).With(hash).With(RefreshToken.Hash(successor))
            .With(RefreshToken.EncryptSuccessor(token, successor))
            .With(settings.SessionIdleDays).With(CommonProblems.Trace()).Execute();
        return new(sessions.Tokens(user, successor, found.SessionLeft), null);
    }

    // Serializes the requests of a session. It is a statement of its own, so the next one sees the last commit.
    const string LockSession = """
        select s.id from identity.sessions s join identity.refresh_tokens t on t.session_id = s.id
         where t.hash = $1 for update of s
        """;

    const string Find = """
        select s.id, u.id, u.role, s.second_factor,
               s.ended_at is null and s.expires_at > now() and u.suspended_at is null,
               t.expires_at <= now(),
               t.used_at is not null,
               coalesce(t.used_at > now() - $2 * interval '1 second' and next.used_at is null, false),
               t.successor_sealed, extract(epoch from s.expires_at - now())::float8
          from identity.refresh_tokens t
          join identity.sessions s on s.id = t.session_id
          join identity.users u on u.id = s.user_id
          left join identity.refresh_tokens next on next.hash = t.successor_hash
         where t.hash = $1
        """;

    const string UseAndFollow = """
        with used as (
            update identity.refresh_tokens set used_at = now(), successor_hash = $2, successor_sealed = $3
             where hash = $1 returning session_id),
        followed as (
            insert into identity.refresh_tokens (hash, session_id, expires_at)
            select $2, s.id, least(now() + $4 * interval '1 day', s.expires_at)
              from used join identity.sessions s on s.id = used.session_id),
        seen as (
            update identity.sessions s set last_seen_at = now() from used
             where s.id = used.session_id returning s.id, s.user_id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
        select u.id, u.role, 'sessions.refreshed', 'session', seen.id, $5
          from seen join identity.users u on u.id = seen.user_id
        """;

    const string EndFamily = """
        with ended as (
            update identity.sessions set ended_at = now(), ended_because = 'refresh_token_reused'
             where id = $1 and ended_at is null returning id)
        insert into audit.events (actor_role, action, entity, entity_id, details, trace_id)
        select 'system', 'sessions.ended', 'session', id, '{"because": "refresh_token_reused"}', $2 from ended
        """;
}

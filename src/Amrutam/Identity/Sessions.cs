using System.Security.Cryptography;
using System.Text;
using Amrutam.Platform;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Amrutam.Identity;

/// <summary>What a client gets for signing in.</summary>
sealed record Tokens(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken);

/// <summary>Begins and ends sessions; each with its event, in the same statement.</summary>
sealed class Sessions(NpgsqlDataSource db, AccessTokens tokens, Revocations revocations, IdentitySettings settings)
{
    public const string Api = "api", Portal = "portal";

    /// <summary>Begins a session for a client that holds tokens.</summary>
    public async Task<Tokens> BeginApi(HttpContext http, User user, bool secondFactor)
    {
        if (user.DeletionDueAt is not null) await db.Statement(Stay).With(user.Id).With(user.Role)
            .With(Problems.Trace()).Execute();
        var current = new CurrentUser(user.Id, user.Role, Guid.CreateVersion7());
        var refresh = RefreshToken.New();
        await db.Statement(BeginWithRefreshToken).With(current.Session).With(user.Id).With(user.Role)
            .With(Device.Of(http)).With(ClientAddress.Shown(http))
            .With(secondFactor).With(settings.SessionDays).With(Problems.Trace()).With(RefreshToken.Hash(refresh))
                .With(settings.SessionIdleDays).Execute();
        return Answer(current, secondFactor, refresh);
    }

    /// <summary>Begins a session for a browser that holds a cookie.</summary>
    public async Task<CurrentUser> BeginPortal(HttpContext http, User user, bool secondFactor)
    {
        if (user.DeletionDueAt is not null) await db.Statement(Stay).With(user.Id).With(user.Role)
            .With(Problems.Trace()).Execute();
        var current = new CurrentUser(user.Id, user.Role, Guid.CreateVersion7());
        await db.Statement(Begin).With(current.Session).With(user.Id).With(user.Role).With(Device.Of(http))
            .With(ClientAddress.Shown(http))
            .With(secondFactor).With(settings.PortalSessionHours).With(Problems.Trace()).Execute();
        return current;
    }

    public Tokens Answer(CurrentUser current, bool secondFactor, string refresh) =>
        new(tokens.Issue(current, secondFactor), "Bearer", (int)tokens.Lifetime.TotalSeconds, refresh);

    /// <summary>Ends one session of the user; ending it twice is one event.</summary>
    public async Task<bool> End(CurrentUser user, Guid session, string because)
    {
        var ended = await db.Statement(EndOne).With(session).With(user.Id).With(user.Role).With(because)
            .With(user.Trace).Execute();
        if (ended > 0) revocations.Add(session);
        return ended > 0;
    }

    /// <summary>Ends every session of an account but one, in the transaction that gives cause for it.</summary>
    /// <param name="by">Who caused it; null when nobody is signed in.</param>
    /// <param name="but">The session to leave; null for none.</param>
    public async Task EndAll(NpgsqlConnection connection, Guid account, CurrentUser? by, string because,
        Guid? but = null)
    {
        var ended = await connection.Statement(EndMany).With(account).With(but ?? Guid.Empty).With(because).With(by?.Id)
            .With(by?.Role ?? "system").With(Problems.Trace()).List(row => row.GetGuid(0));
        foreach (var session in ended) revocations.Add(session);
    }

    // Who signs in to a closed account before it is erased has changed their mind.
    const string Stay = """
        with stays as (
            update identity.users set deletion_due_at = null where id = $1 and deletion_due_at is not null returning id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
        select id, $2, 'accounts.reopened', 'account', id, $3 from stays
        """;

    const string EndMany = """
        with ended as (
            update identity.sessions set ended_at = now(), ended_because = $3
             where user_id = $1 and id <> $2 and ended_at is null returning id),
        told as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $4, $5, 'sessions.ended', 'session', id, jsonb_build_object('because', $3::text), $6 from ended)
        select id from ended
        """;

    const string Begin = """
        with begun as (
            insert into identity.sessions (id, user_id, kind, device, network, second_factor, expires_at)
            values ($1, $2, 'portal', $4, $5, $6, now() + $7 * interval '1 hour') returning id, user_id, second_factor)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select user_id, $3, 'sessions.begun', 'session', id,
               jsonb_build_object('kind', 'portal', 'second_factor', second_factor), $8
          from begun
        """;

    const string BeginWithRefreshToken = """
        with begun as (
            insert into identity.sessions (id, user_id, kind, device, network, second_factor, expires_at)
            values ($1, $2, 'api', $4, $5, $6, now() + $7 * interval '1 day') returning id, user_id, second_factor),
        given as (
            insert into identity.refresh_tokens (hash, session_id, expires_at)
            select $9, id, now() + least($10, $7) * interval '1 day' from begun)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select user_id, $3, 'sessions.begun', 'session', id,
               jsonb_build_object('kind', 'api', 'second_factor', second_factor), $8
          from begun
        """;

    const string EndOne = """
        with ended as (
            update identity.sessions set ended_at = now(), ended_because = $4
             where id = $1 and user_id = $2 and ended_at is null returning id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $2, $3, 'sessions.ended', 'session', id, jsonb_build_object('because', $4::text), $5 from ended
        """;
}

/// <summary>A refresh token: 256 random bits for the client, a hash for the database.</summary>
static class RefreshToken
{
    const int Bytes = 32;

    public static string New() =>
        Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(Bytes));

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Seals the successor so that only who holds this token can read it.</summary>
    public static byte[] SealSuccessor(string token, string successor) =>
        Box(token).Seal(Encoding.UTF8.GetBytes(successor), "successor");

    public static string OpenSuccessor(string token, byte[] box) =>
        Encoding.UTF8.GetString(Box(token).Open(box, "successor"));

    static SecretBox Box(string token) =>
        new(HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(token), Bytes));
}

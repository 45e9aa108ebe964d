using System.Security.Cryptography;
using System.Text;
using Amrutam.Identity.Accounts;
using Amrutam.Identity.Encryption;
using Amrutam.Identity.Tokens;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Amrutam.Identity.Sessions;

/// <summary>The tokens of a new session.</summary>
sealed record TokenPair(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken);

/// <summary>Begins and ends sessions; each with its event, in the same statement.</summary>
sealed class SessionStore(NpgsqlDataSource db, AccessTokens tokens, Revocations revocations, ReopenAccount reopen,
    IdentitySettings settings)
{
    public const string Api = "api", Portal = "portal";

    /// <summary>Begins a session for a client that holds tokens.</summary>
    /// <returns>Null if the account changed after its credentials were checked.</returns>
    public async Task<TokenPair?> BeginApi(HttpContext http, User user, bool secondFactor)
    {
        await reopen.IfClosed(user);
        var current = new CurrentUser(user.Id, user.Role, Guid.CreateVersion7(), secondFactor);
        var refresh = RefreshToken.New();
        var begun = await db.Statement(BeginWithRefreshToken).With(current.Session).With(user.Id).With(user.Role)
            .With(Device.Of(http)).With(ClientAddress.Shown(http)).With(secondFactor).With(settings.SessionDays)
            .With(CommonProblems.Trace()).With(RefreshToken.Hash(refresh)).With(settings.SessionIdleDays)
            .With(user.SecurityStamp).Execute();
        return begun == 1 ? Tokens(current, refresh, TimeSpan.FromDays(settings.SessionDays)) : null;
    }

    /// <summary>Begins a session for a browser that holds a cookie.</summary>
    /// <returns>Null if the account changed after its credentials were checked.</returns>
    public async Task<CurrentUser?> BeginPortal(HttpContext http, User user, bool secondFactor)
    {
        await reopen.IfClosed(user);
        var current = new CurrentUser(user.Id, user.Role, Guid.CreateVersion7(), secondFactor);
        var begun = await db.Statement(Begin).With(current.Session).With(user.Id).With(user.Role)
            .With(Device.Of(http)).With(ClientAddress.Shown(http)).With(secondFactor).With(settings.PortalSessionHours)
            .With(CommonProblems.Trace()).With(user.SecurityStamp).Execute();
        return begun == 1 ? current : null;
    }

    /// <param name="current">The caller that the access token states.</param>
    /// <param name="refresh">The refresh token.</param>
    /// <param name="sessionLeft">The time until the session ends, however busy it is.</param>
    public TokenPair Tokens(CurrentUser current, string refresh, TimeSpan sessionLeft)
    {
        var life = tokens.LifeWithin(sessionLeft);
        return new(tokens.Issue(current, life), "Bearer", (int)life.TotalSeconds, refresh);
    }

    /// <summary>Ends one session of the user; ending it twice is one event.</summary>
    public async Task<bool> End(CurrentUser user, Guid session, string because)
    {
        var ended = await db.Statement(EndOne).With(session).With(user.Id).With(user.Role).With(because)
            .With(user.Trace).Execute();
        if (ended > 0) revocations.Add(session);
        return ended > 0;
    }

    /// <summary>Ends every session of an account but one, in the caller's transaction.</summary>
    /// <param name="by">The person who caused it; null if nobody is signed in.</param>
    /// <param name="but">The session that stays; null for none.</param>
    public async Task EndAll(NpgsqlConnection connection, Guid account, CurrentUser? by, string because,
        Guid? but = null)
    {
        var ended = await connection.Statement(EndMany).With(account).With(but ?? Guid.Empty).With(because).With(by?.Id)
            .With(by?.Role ?? "system").With(CommonProblems.Trace()).List(row => row.GetGuid(0));
        foreach (var session in ended) revocations.Add(session);
    }

    const string EndMany = """
        with ended as (
            update identity.sessions set ended_at = now(), ended_because = $3
             where user_id = $1 and id <> $2 and ended_at is null returning id),
        told as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $4, $5, 'sessions.ended', 'session', id, jsonb_build_object('because', $3::text), $6 from ended)
        select id from ended
        """;

    // The statement locks the account and compares the stamp, which changes with the password, the role and a
    // suspension. A later change finds the session and ends it.
    const string Begin = """
        with account as (
            select id from identity.users
             where id = $2 and security_stamp = $9 and suspended_at is null and erased_at is null
               and ($6 or not two_factor_enabled) for share),
        begun as (
            insert into identity.sessions (id, user_id, kind, device, network, second_factor, expires_at)
            select $1, id, 'portal', $4, $5, $6, now() + $7 * interval '1 hour' from account
         returning id, user_id, second_factor)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select user_id, $3, 'sessions.begun', 'session', id,
               jsonb_build_object('kind', 'portal', 'second_factor', second_factor), $8
          from begun
        """;

    const string BeginWithRefreshToken = """
        with account as (
            select id from identity.users
             where id = $2 and security_stamp = $11 and suspended_at is null and erased_at is null
               and ($6 or not two_factor_enabled) for share),
        begun as (
            insert into identity.sessions (id, user_id, kind, device, network, second_factor, expires_at)
            select $1, id, 'api', $4, $5, $6, now() + $7 * interval '1 day' from account
         returning id, user_id, second_factor),
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

    public static string New() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(Bytes));

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Encrypts the successor with a key that is derived from this token.</summary>
    public static byte[] EncryptSuccessor(string token, string successor) =>
        Encryption(token).Encrypt(Encoding.UTF8.GetBytes(successor), "successor");

    public static string DecryptSuccessor(string token, byte[] ciphertext) =>
        Encoding.UTF8.GetString(Encryption(token).Decrypt(ciphertext, "successor"));

    static SecretEncryption Encryption(string token) =>
        new(HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(token), Bytes));
}

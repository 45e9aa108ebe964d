using System.Security.Cryptography;
using System.Text;
using Amrutam.Identity.Accounts;
using Amrutam.Platform.Data;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Amrutam.Identity.EmailLinks;

/// <summary>Tokens in e-mails: 256 random bits, stored as a hash, single-use, short-lived, and void after a change of
/// the account.</summary>
static class EmailLinkTokens
{
    public const string VerifyEmail = "verify_email", ResetPassword = "reset_password", ChangeEmail = "change_email";
    const int Bytes = 32, MaxLength = 100, VerifyHours = 48, ResetHours = 1, ChangeHours = 24;

    /// <summary>The account of a token that was used just now.</summary>
    public sealed record Redeemed(Guid User, string? NewEmail);

    /// <summary>The addresses of a token that still works.</summary>
    public sealed record Found(string Email, string? NewEmail);

    public static string New() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(Bytes));

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Creates a token; earlier ones of the same purpose stop working.</summary>
    public static async Task<string> Make(NpgsqlConnection connection, User user, string purpose,
        string? newEmail = null)
    {
        var token = New();
        var hours = purpose switch { VerifyEmail => VerifyHours, ResetPassword => ResetHours, _ => ChangeHours };
        await connection.Statement(Replace).With(user.Id).With(purpose).Execute();
        await connection.Statement(Add).With(Hash(token)).With(user.Id).With(purpose).With(newEmail)
            .With(user.SecurityStamp).With(hours).Execute();
        return token;
    }

    /// <summary>Reads a token without using it up.</summary>
    /// <returns>Null for a used, expired or unknown token, and after a change of the account.</returns>
    public static async Task<Found?> Find(NpgsqlDataSource db, string token, string purpose) =>
        token.Length is 0 or > MaxLength
            ? null
            : await db.Statement(FindOne).With(Hash(token)).With(purpose)
                .One(row => new Found(row.GetString(0), row.GetStringOrNull(1)));

    /// <summary>Uses a token up.</summary>
    /// <returns>Null for a used, expired or unknown token, and after a change of the account.</returns>
    public static async Task<Redeemed?> Redeem(NpgsqlConnection connection, string token, string purpose) =>
        token.Length is 0 or > MaxLength
            ? null
            : await connection.Statement(RedeemOne).With(Hash(token)).With(purpose)
                .One(row => new Redeemed(row.GetGuid(0), row.GetStringOrNull(1)));

    const string Replace = "delete from identity.mailed_tokens where user_id = $1 and purpose = $2 and used_at is null";

    const string Add = """
        insert into identity.mailed_tokens (hash, user_id, purpose, new_email, security_stamp, expires_at)
        values ($1, $2, $3, $4, $5, now() + $6 * interval '1 hour')
        """;

    const string Works = """
        t.hash = $1 and t.purpose = $2 and t.used_at is null and t.expires_at > now()
           and u.security_stamp = t.security_stamp and u.suspended_at is null and u.erased_at is null
        """;

    const string FindOne = $"""
        select u.email, t.new_email
          from identity.mailed_tokens t join identity.users u on u.id = t.user_id
         where {Works}
        """;

    const string RedeemOne = $"""
        update identity.mailed_tokens t set used_at = now()
          from identity.users u
         where u.id = t.user_id and {Works}
        returning t.user_id, t.new_email
        """;
}

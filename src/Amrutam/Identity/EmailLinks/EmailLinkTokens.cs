using System.Security.Cryptography;
using System.Text;
using Amrutam.Identity.Accounts;
using Amrutam.Platform.Data;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Amrutam.Identity.EmailLinks;

/// <summary>Tokens that are sent by mail: 256 random bits, stored hashed, used once, soon over, and void once the
/// account has changed.</summary>
static class EmailLinkTokens
{
    public const string VerifyEmail = "verify_email", ResetPassword = "reset_password", ChangeEmail = "change_email";
    const int Bytes = 32, MaxLength = 100, VerifyHours = 48, ResetHours = 1, ChangeHours = 24;

    /// <summary>Whose token it was, and what for.</summary>
    public sealed record Taken(Guid User, string? NewEmail);

    /// <summary>What a token that still works is about.</summary>
    public sealed record Found(string Email, string? NewEmail);

    public static string New() => Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(Bytes));

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Makes a token; earlier ones of the same purpose stop working.</summary>
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

    /// <summary>Looks without using anything up.</summary>
    public static async Task<Found?> Find(NpgsqlDataSource db, string token, string purpose) =>
        token.Length is 0 or > MaxLength
            ? null
            : await db.Statement(FindOne).With(Hash(token)).With(purpose)
                .One(row => new Found(row.GetString(0), row.GetStringOrNull(1)));

    /// <returns>Null when the token is none, used, over, or the account has changed since.</returns>
    public static async Task<Taken?> Take(NpgsqlConnection connection, string token, string purpose) =>
        token.Length is 0 or > MaxLength
            ? null
            : await connection.Statement(TakeOne).With(Hash(token)).With(purpose)
                .One(row => new Taken(row.GetGuid(0), row.GetStringOrNull(1)));

    const string Replace = "delete from identity.mailed_tokens where user_id = $1 and purpose = $2 and used_at is null";

    const string Add = """
        insert into identity.mailed_tokens (hash, user_id, purpose, new_email, security_stamp, expires_at)
        values ($1, $2, $3, $4, $5, now() + $6 * interval '1 hour')
        """;

    const string FindOne = """
        select u.email, t.new_email
          from identity.mailed_tokens t join identity.users u on u.id = t.user_id
         where t.hash = $1 and t.purpose = $2 and t.used_at is null and t.expires_at > now()
           and u.security_stamp = t.security_stamp and u.suspended_at is null and u.erased_at is null
        """;

    const string TakeOne = """
        update identity.mailed_tokens t set used_at = now()
          from identity.users u
         where t.hash = $1 and t.purpose = $2 and t.used_at is null and t.expires_at > now()
           and u.id = t.user_id and u.security_stamp = t.security_stamp and u.erased_at is null
        returning t.user_id, t.new_email
        """;
}

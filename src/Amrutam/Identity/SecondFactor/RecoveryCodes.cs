using System.Security.Cryptography;
using System.Text;
using Amrutam.Identity.Accounts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Npgsql;
using OtpNet;

namespace Amrutam.Identity.SecondFactor;

/// <summary>Ten single-use codes that replace a lost authenticator.</summary>
static class RecoveryCodes
{
    const int HowMany = 10;

    // 120 bits in four groups of six: enough that a plain hash cannot be searched, short enough to write down.
    const int Bytes = 15, Group = 6;

    /// <summary>Replaces the codes of the account.</summary>
    public static async Task<string[]> Renew(NpgsqlConnection connection, Guid user)
    {
        var codes = Enumerable.Range(0, HowMany).Select(_ => New()).ToArray();
        await connection.Statement(Remove).With(user).Execute();
        await connection.Statement(Add).With(user).With(Array.ConvertAll(codes, Hash)).Execute();
        return codes;
    }

    /// <returns>Whether the code was one of the account's and had not been used.</returns>
    public static async Task<bool> Use(NpgsqlDataSource db, User user, string code) =>
        await db.Statement(UseOne).With(user.Id).With(Hash(code)).With(user.Role).With(CommonProblems.Trace())
            .Execute() == 1;

    public static Task<int> RemoveAll(NpgsqlConnection connection, Guid user) =>
        connection.Statement(Remove).With(user).Execute();

    static string New()
    {
        var letters = Base32Encoding.ToString(RandomNumberGenerator.GetBytes(Bytes)).ToLowerInvariant();
        return string.Join('-', letters.Chunk(Group).Select(group => new string(group)));
    }

    static byte[] Hash(string code) => SHA256.HashData(Encoding.UTF8.GetBytes(TypedCode.Read(code)));

    const string Remove = "delete from identity.recovery_codes where user_id = $1";

    const string Add = "insert into identity.recovery_codes (user_id, hash) select $1, unnest($2::bytea[])";

    const string UseOne = """
        with used as (
            update identity.recovery_codes set used_at = now()
             where user_id = $1 and hash = $2 and used_at is null returning user_id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
        select user_id, $3, 'recovery_codes.used', 'account', user_id, $4 from used
        """;
}

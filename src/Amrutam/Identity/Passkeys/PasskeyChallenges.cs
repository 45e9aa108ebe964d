using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.OpenApi;
using Npgsql;

namespace Amrutam.Identity.Passkeys;

/// <summary>The challenges given to authenticators. Each lives for five minutes, has one purpose and takes one
/// answer.</summary>
sealed class PasskeyChallenges(NpgsqlDataSource db)
{
    public const string SignUp = "sign_up", SignIn = "sign_in", Add = "add";

    /// <summary>The options for the browser's <c>navigator.credentials</c>, and the id of the challenge.</summary>
    [SchemaName("PasskeyChallenge")]
    public sealed record Offer(Guid ChallengeId, JsonElement Options);

    public sealed record Challenge(string State);

    /// <param name="user">The caller; null for somebody who is not signed in.</param>
    public async Task<Offer> Store(string purpose, string optionsJson, string? state, Guid? user)
    {
        var id = Guid.CreateVersion7();
        await db.Statement(Insert).With(id).With(state ?? "").With(user).With(purpose).Execute();
        return new(id, JsonSerializer.Deserialize<JsonElement>(optionsJson));
    }

    /// <summary>Removes the challenge and returns it; null when it is used, expired, another's or of another
    /// purpose.</summary>
    public Task<Challenge?> Redeem(string purpose, Guid id, Guid? user) =>
        db.Statement(Delete).With(id).With(user).With(purpose).One(row => new Challenge(row.GetString(0)));

    const string Insert = """
        insert into identity.passkey_challenges (id, state, user_id, purpose, expires_at)
        values ($1, $2, $3, $4, now() + interval '5 minutes')
        """;

    const string Delete = """
        delete from identity.passkey_challenges
         where id = $1 and user_id is not distinct from $2 and purpose = $3 and expires_at > now()
        returning state
        """;
}

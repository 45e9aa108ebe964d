using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.OpenApi;
using Npgsql;

namespace Amrutam.Identity.Passkeys;

/// <summary>What was asked of an authenticator, kept until it answers: five minutes, and one answer.</summary>
sealed class PasskeyChallenges(NpgsqlDataSource db)
{
    /// <summary>What a browser hands to <c>navigator.credentials</c>, and the name of the challenge to answer
    /// under.</summary>
    [SchemaName("PasskeyChallenge")]
    public sealed record Offer(Guid ChallengeId, JsonElement Options);

    public sealed record Taken(string State);

    public async Task<Offer> Keep(string optionsJson, string? state, Guid? user)
    {
        var id = Guid.CreateVersion7();
        await db.Statement(Add).With(id).With(state ?? "").With(user).Execute();
        return new(id, JsonSerializer.Deserialize<JsonElement>(optionsJson));
    }

    /// <param name="user">Who was asked; null for somebody who is about to sign in.</param>
    public Task<Taken?> Take(Guid id, Guid? user) =>
        db.Statement(Remove).With(id).With(user).One(row => new Taken(row.GetString(0)));

    const string Add = """
        insert into identity.passkey_challenges (id, state, user_id, expires_at)
           values ($1, $2, $3, now() + interval '5 minutes')
        """;

    const string Remove = """
        delete from identity.passkey_challenges where id = $1 and user_id is not distinct
           from $2 and expires_at > now() returning state
        """;
}

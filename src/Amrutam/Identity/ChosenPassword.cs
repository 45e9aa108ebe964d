using Amrutam.Identity.Contracts;
using Amrutam.Platform;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity;

/// <summary>Makes the hash of a password that somebody chooses, if the rules allow it.</summary>
sealed class ChosenPassword(PasswordRules rules, IPasswordHasher<User> hasher, HashingLane lane)
{
    /// <param name="Hash">Null when there is an objection.</param>
    public sealed record Outcome(string? Hash, Objection? Objection);

    /// <exception cref="OverloadedException">Too many passwords wait to be hashed.</exception>
    public async Task<Outcome> Hash(string password, string email) =>
        rules.Objection(password, email) is { } objection
            ? new(null, objection)
            : new(await lane.Run(() => hasher.HashPassword(Decoy.Nobody, PasswordRules.Normal(password)!)), null);
}

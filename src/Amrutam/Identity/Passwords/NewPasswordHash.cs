using Amrutam.Identity.Accounts;
using Amrutam.Identity.Contracts;
using Amrutam.Identity.SignIn;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Passwords;

/// <summary>Makes the hash of a password that somebody chooses, if the rules allow it.</summary>
sealed class NewPasswordHash(PasswordPolicy rules, IPasswordHasher<User> hasher, PasswordHashingQueue lane)
{
    /// <param name="Hash">Null when there is an objection.</param>
    public sealed record Outcome(string? Hash, PasswordViolation? Objection);

    /// <exception cref="OverloadedException">Too many passwords wait to be hashed.</exception>
    public async Task<Outcome> Hash(string password, string email) =>
        rules.Objection(password, email) is { } objection
            ? new(null, objection)
            : new(await lane.Run(() => hasher.HashPassword(DummyHash.Nobody, PasswordPolicy.Normal(password)!)), null);
}

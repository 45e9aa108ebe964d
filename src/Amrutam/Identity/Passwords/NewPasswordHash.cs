using Amrutam.Identity.Accounts;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Passwords;

/// <summary>Hashes a new password that conforms to the policy.</summary>
sealed class NewPasswordHash(PasswordPolicy policy, IPasswordHasher<User> hasher, PasswordHashingQueue queue)
{
    /// <param name="Hash">Null for a violation.</param>
    public sealed record Outcome(string? Hash, PasswordViolation? Violation);

    /// <exception cref="OverloadedException">The queue is full.</exception>
    public async Task<Outcome> Hash(string password, string email) =>
        policy.Check(password, email) is { } violation
            ? new(null, violation)
            : new(await queue.Run(() => hasher.HashPassword(DummyHash.Nobody, PasswordPolicy.Normal(password)!)), null);
}

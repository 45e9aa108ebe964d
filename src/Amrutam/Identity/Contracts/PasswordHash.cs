using Amrutam.Identity.Accounts;
using Amrutam.Identity.Passwords;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Contracts;

/// <summary>Hashes passwords by the policy of the sign-up, for accounts that are created without one.</summary>
sealed class PasswordHash(IPasswordHasher<User> hasher, PasswordPolicy policy)
{
    /// <param name="email">The policy compares the password with it; the hash does not depend on it.</param>
    /// <exception cref="ArgumentException">The password violates the policy.</exception>
    public string Of(string password, string email) => policy.Check(password, email) is { } violation
        ? throw new ArgumentException("The password " + violation.Text, nameof(password))
        : hasher.HashPassword(new User { Role = "" }, PasswordPolicy.Normal(password)!);
}

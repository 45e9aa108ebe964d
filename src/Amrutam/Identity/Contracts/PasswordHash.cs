using Amrutam.Identity.Accounts;
using Amrutam.Identity.Passwords;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Contracts;

/// <summary>Hashes a password as signing up does, for accounts that are made without it.</summary>
sealed class PasswordHash(IPasswordHasher<User> hasher, PasswordPolicy rules)
{
    /// <param name="email">The rules look at it; the hash does not.</param>
    /// <exception cref="ArgumentException">The rules refuse the password.</exception>
    public string Of(string password, string email) => rules.Objection(password, email) is { } objection
        ? throw new ArgumentException("The password " + objection.Text, nameof(password))
        : hasher.HashPassword(new User { Role = "" }, PasswordPolicy.Normal(password)!);
}

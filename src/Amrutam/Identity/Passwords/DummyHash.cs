using Amrutam.Identity.Accounts;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Passwords;

/// <summary>The hash of a random password with the present rounds. It is verified in the place of an account that does
/// not exist.</summary>
sealed class DummyHash(IPasswordHasher<User> hasher)
{
    /// <summary>The hasher requires an account and ignores it.</summary>
    public static User Nobody { get; } = new() { Role = "" };

    public string Hash => field ??= hasher.HashPassword(Nobody, Guid.CreateVersion7().ToString());
}

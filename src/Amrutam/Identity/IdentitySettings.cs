using System.ComponentModel.DataAnnotations;
using Amrutam.Platform.Http;

namespace Amrutam.Identity;

/// <summary>The settings of accounts (section <c>Identity</c>).</summary>
sealed class IdentitySettings
{
    /// <summary>The key that encrypts secrets in the database: 32 bytes in base64. By default a file in the data
    /// directory has it.</summary>
    public string? KeyEncryptionKey { get; init; }

    /// <summary>Keys, separated by commas, that decrypt only: the former key, or the next key before it is
    /// used.</summary>
    public string? OtherKeyEncryptionKeys { get; init; }

    // If every revocation fails, an access token keeps its former role for this long at most.
    [Range(1, 60)] public int AccessTokenMinutes { get; init; } = 15;

    // A person signs in again after this, even if the session is in use.
    [Range(1, 400)] public int SessionDays { get; init; } = 30;

    // A session on a lost phone ends after this.
    [Range(1, 400)] public int SessionIdleDays { get; init; } = 14;

    // The portal is used on shared machines too: a working day at most, half an hour without use.
    [Range(1, 24)] public int PortalSessionHours { get; init; } = 8;

    [Range(1, 24 * 60)] public int PortalIdleMinutes { get; init; } = 30;

    // A client repeats a request if the response was lost, and the usual time-out of clients is 30 seconds. A used
    // token that comes later was stolen.
    [Range(0, 120)] public int RefreshGraceSeconds { get; init; } = 30;

    // OWASP's floor for PBKDF2-HMAC-SHA512. Raising it upgrades each hash at its owner's next sign-in.
    [Range(210_000, 10_000_000)] public int PasswordRounds { get; init; } = 210_000;

    /// <summary>A file of breached passwords, as SHA-1 in hexadecimal, one a line, in order.</summary>
    public string? BreachedPasswordsFile { get; init; }

    // The longest time since a sign-in that makes another one unnecessary.
    [Range(1, 60)] public int FreshMinutes { get; init; } = 5;

    // A person may reopen a closed account within this. Then their personal data is erased.
    [Range(0, 90)] public int DeletionGraceDays { get; init; } = 14;

    /// <summary>The public address of this server, with which the links in e-mails begin.</summary>
    public Uri PublicUrl { get; init; } = new("http://127.0.0.1:5080");

    /// <summary>The domain that passkeys are bound to; by default the host of <see cref="PublicUrl"/>.</summary>
    public string? PasskeyDomain { get; init; }

    [Range(1, 3650)] public int SigningKeyDays { get; init; } = 30;

    /// <summary>Roles, separated by commas, that must enrol a second factor first; unset: admin, and nobody in
    /// Development.</summary>
    [RegularExpression($@"\s*({AnyRole}\s*(,\s*{AnyRole}\s*)*)?",
        ErrorMessage = "must list roles out of patient, doctor, staff, admin, separated by commas")]
    public string? SecondFactorRoles { get; init; }

    const string AnyRole = $"({Allow.Patient}|{Allow.Doctor}|{Allow.Staff}|{Allow.Admin})";
}

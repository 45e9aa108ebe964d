using System.Collections.Frozen;
using System.Text;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http.Binding;

namespace Amrutam.Identity.Passwords;

/// <summary>What a password must be: 8 to 256 characters, neither common nor breached, and without the account's own
/// name or ours.</summary>
/// <remarks>No composition rules: they make people choose <c>Password1!</c>. The text is compared and hashed in NFC, so
/// that a phone and a desktop agree.</remarks>
sealed class PasswordPolicy(BreachedPasswords breached)
{
    const int Least = 8, Most = 256;

    // A shorter local part ("jo") is in too many good passwords by chance.
    const int LeastLocalPart = 4;
    const string Product = "amrutam";
    static readonly PasswordViolation TooLong =
        new("too_long", $"is longer than {Most} characters or has a character that is not allowed");
    static readonly PasswordViolation TooShort = new("too_short", $"is shorter than {Least} characters");
    static readonly PasswordViolation IsCommon = new("common", "is among the most common passwords");
    static readonly PasswordViolation IsBreached = new("breached", "is known from a breach of another service");
    static readonly PasswordViolation NamesProduct = new("names_product", "contains the name of this product");
    static readonly PasswordViolation NamesAccount = new("names_account", "contains the name in your e-mail address");
    static readonly Lazy<FrozenSet<string>> Common = new(ReadCommon);

    /// <summary>The form that is hashed; null when it cannot be any account's password, so that no hash is spent on
    /// it.</summary>
    public static string? Normal(string password) =>
        password.Length <= 2 * Most && RequestValidation.WellFormed(password)
            && password.Normalize(NormalizationForm.FormC) is var normal && Length(normal) <= Most
            ? normal
            : null;

    /// <returns>What is wrong with it as a new password, or null.</returns>
    public PasswordViolation? Objection(string password, string email)
    {
        if (Normal(password) is not { } normal) return TooLong;
        if (Length(normal) < Least) return TooShort;
        var lower = normal.ToLowerInvariant();
        if (Common.Value.Contains(lower)) return IsCommon;
        if (lower.Contains(Product, StringComparison.Ordinal)) return NamesProduct;
        var local = email.Split('@')[0].ToLowerInvariant();
        if (local.Length >= LeastLocalPart && lower.Contains(local, StringComparison.Ordinal)) return NamesAccount;
        return breached.Has(normal) ? IsBreached : null;
    }

    static int Length(string text) => text.EnumerateRunes().Count();

    static FrozenSet<string> ReadCommon()
    {
        using var lines = new StreamReader(typeof(PasswordPolicy)
            .Assembly.GetManifestResourceStream("common-passwords.txt")!);
        return lines.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#')
            .ToFrozenSet(StringComparer.Ordinal);
    }
}

using System.Collections.Frozen;
using System.Text;
using Amrutam.Platform.Http.Binding;

namespace Amrutam.Identity.Passwords;

/// <summary>The password policy: 8 to 256 characters, neither common nor breached nor a repetition, and without the
/// account's name or the product's.</summary>
/// <remarks>There are no composition rules, because they lead to <c>Password1!</c>. Passwords are hashed in NFC, so
/// that different keyboards give the same text. The lists are searched in NFKC and small letters, with and without the
/// signs between, because guessers try those forms of a common password first.</remarks>
sealed class PasswordPolicy(BreachedPasswords breached)
{
    const int MinLength = 8, MaxLength = 256;

    // A shorter local part ("jo") is in too many good passwords by chance.
    const int MinLocalPart = 4;

    // Fewer than these are as quick to guess as a shorter password.
    const int LeastDifferentCharacters = 4;
    const string Product = "amrutam";
    static readonly PasswordViolation TooLong =
        new("too_long", $"is longer than {MaxLength} characters or has a character that is not allowed");
    static readonly PasswordViolation TooShort = new("too_short", $"is shorter than {MinLength} characters");
    static readonly PasswordViolation Repeats = new("repeated", "repeats a few characters");
    static readonly PasswordViolation IsCommon = new("common", "is among the most common passwords");
    static readonly PasswordViolation IsBreached = new("breached", "is known from a breach of another service");
    static readonly PasswordViolation NamesProduct = new("names_product", "contains the name of this product");
    static readonly PasswordViolation NamesAccount = new("names_account", "contains the name in your e-mail address");
    static readonly Lazy<FrozenSet<string>> Common = new(ReadCommon);

    /// <summary>The form that is hashed; null for text that no account can have as its password.</summary>
    public static string? Normal(string password) =>
        password.Length <= 2 * MaxLength && UnicodeText.Normal(password, NormalizationForm.FormC) is { } normal
            && UnicodeText.Length(normal) <= MaxLength
            ? normal
            : null;

    /// <returns>The first violation of a new password, or null.</returns>
    public PasswordViolation? Check(string password, string email)
    {
        if (Normal(password) is not { } normal) return TooLong;
        if (UnicodeText.Length(normal) < MinLength) return TooShort;
        var plain = UnicodeText.Normal(normal, NormalizationForm.FormKC)!;
        var lower = plain.ToLowerInvariant();
        if (IsRepetition(lower)) return Repeats;
        if (Common.Value.Contains(lower) || Common.Value.Contains(WithoutSigns(lower))) return IsCommon;
        if (lower.Contains(Product, StringComparison.Ordinal)) return NamesProduct;
        var local = email.Split('@')[0].ToLowerInvariant();
        if (local.Length >= MinLocalPart && lower.Contains(local, StringComparison.Ordinal)) return NamesAccount;
        return breached.Has(normal) || breached.Has(plain) ? IsBreached : null;
    }

    /// <summary>True for a few characters in any order, and for a unit shorter than a password again and
    /// again.</summary>
    static bool IsRepetition(string text) =>
        text.EnumerateRunes().Distinct().Count() < LeastDifferentCharacters
        || Enumerable.Range(1, Math.Min(MinLength - 1, text.Length / 2)).Any(unit =>
            text.AsSpan(unit).SequenceEqual(text.AsSpan(0, text.Length - unit)));

    static string WithoutSigns(string text) => string.Concat(text.Where(char.IsLetterOrDigit));

    static FrozenSet<string> ReadCommon()
    {
        using var lines = new StreamReader(typeof(PasswordPolicy)
            .Assembly.GetManifestResourceStream("common-passwords.txt")!);
        return lines.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#')
            .ToFrozenSet(StringComparer.Ordinal);
    }
}

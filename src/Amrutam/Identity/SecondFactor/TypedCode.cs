using System.Text;

namespace Amrutam.Identity.SecondFactor;

/// <summary>A code as a person types it: an authenticator's six digits or a recovery code.</summary>
/// <remarks>Apps show "123 456", recovery codes have dashes, and keyboards of Indian scripts type their own
/// digits.</remarks>
static class TypedCode
{
    public const int AuthenticatorDigits = 6;

    // Longer than any code with a sign after each character.
    const int MaxLength = 100;

    /// <returns>The letters in small form and the digits in ASCII. All else separates groups and does not
    /// count.</returns>
    public static string Read(string typed)
    {
        var code = new StringBuilder();
        foreach (var rune in typed[..Math.Min(typed.Length, MaxLength)].EnumerateRunes())
            if (Rune.IsDigit(rune)) code.Append((int)Rune.GetNumericValue(rune));
            else if (Rune.IsLetter(rune)) code.Append(Rune.ToLowerInvariant(rune));
        return code.ToString();
    }

    /// <summary>Whether the code is an authenticator's, and else a recovery code.</summary>
    public static bool IsOfAuthenticator(string typed) =>
        Read(typed) is { Length: AuthenticatorDigits } code && code.All(char.IsAsciiDigit);
}

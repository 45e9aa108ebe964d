using PhoneNumbers;

namespace Amrutam.Patients.Records;

/// <summary>Phone numbers in every notation, stored in E.164.</summary>
static class PhoneNumber
{
    public const string Rule = "must be a phone number that exists, as +91 98765 43210";

    // Longer text is no number in any notation.
    public const int MaxLength = 40;

    static readonly PhoneNumberUtil Numbers = PhoneNumberUtil.GetInstance();

    /// <param name="region">The country of a number that names none.</param>
    /// <returns>The number in E.164; null if it is not one.</returns>
    public static string? Parse(string text, string region)
    {
        if (text.Length > MaxLength) return null;
        try
        {
            var number = Numbers.Parse(text, region);
            return Numbers.IsValidNumber(number) ? Numbers.Format(number, PhoneNumberFormat.E164) : null;
        }
        catch (NumberParseException)
        {
            return null;
        }
    }

    /// <returns>The digits of a part of a number, in ASCII; null if the text has another character than digits and
    /// what people write between them.</returns>
    public static string? Digits(string text) =>
        text.All(c => char.IsDigit(c) || " +-().".Contains(c, StringComparison.Ordinal))
            ? PhoneNumberUtil.NormalizeDigitsOnly(text) : null;
}

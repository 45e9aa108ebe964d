using System.Buffers;
using System.Text;

namespace Amrutam.Platform.Http.Binding;

/// <summary>Text from outside, before any rule of a field: which text can be stored, its normal forms and its
/// length.</summary>
/// <remarks>The only place that calls <see cref="string.Normalize()"/>, which throws for some of the text that is
/// refused here.</remarks>
static class UnicodeText
{
    public const string NotAllowed = "has a character that is not allowed";

    // Next to no text has one of these UTF-16 units. Vectorized, this is quicker than to look at each character.
    static readonly SearchValues<char> Suspicious = SearchValues.Create(
        [.. Enumerable.Range(0xD800, 0x800).Concat(Enumerable.Range(0xFDD0, 0x20)).Concat([0, 0xFFFE, 0xFFFF])
            .Select(unit => (char)unit)]);

    /// <summary>True when PostgreSQL can store the text and Unicode's algorithms can read it: no U+0000, no lone
    /// surrogate, no noncharacter.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        for (text = From(text); text.Length > 0; text = From(text))
        {
            if (Rune.DecodeFromUtf16(text, out var rune, out var length) != OperationStatus.Done
                || rune.Value == 0 || IsNoncharacter(rune)) return false;
            text = text[length..];
        }
        return true;
    }

    /// <returns>The text in a normal form; null for text that is not well formed.</returns>
    public static string? Normal(string text, NormalizationForm form) =>
#pragma warning disable RS0030 // The text is well formed.
        IsWellFormed(text) ? text.Normalize(form) : null;
#pragma warning restore RS0030

    /// <summary>The number of code points, which is how JSON Schema and PostgreSQL count.</summary>
    public static int Length(string text) => text.Length - text.Count(char.IsLowSurrogate);

    static ReadOnlySpan<char> From(ReadOnlySpan<char> text) =>
        text.IndexOfAny(Suspicious) is >= 0 and var at ? text[at..] : [];

    static bool IsNoncharacter(Rune rune) => (rune.Value & 0xFFFE) == 0xFFFE || rune.Value is >= 0xFDD0 and <= 0xFDEF;
}

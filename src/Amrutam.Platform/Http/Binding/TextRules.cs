using System.Globalization;
using System.Text;

namespace Amrutam.Platform.Http.Binding;

/// <summary>Which characters free text and names may have, so that a text reads as what it is.</summary>
/// <remarks>
/// The threats are those of Unicode's technical standard 39. Some characters are never seen or turn the direction of
/// others, and letters of one script look like those of another. The decision lists what cannot be decided
/// (docs/decisions/0570-text-that-reads-as-what-it-is.md).
/// </remarks>
static class TextRules
{
    // Default-ignorable characters, blanks that are letters, and characters that turn the direction of those after
    // them. First and last of each range.
    static readonly (int First, int Last)[] Hidden = [
        (0x0001, 0x0008), (0x000B, 0x000C), (0x000E, 0x001F), (0x007F, 0x009F), (0x00AD, 0x00AD), (0x034F, 0x034F),
        (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200B), (0x2028, 0x202E), (0x2060, 0x206F),
        (0x3164, 0x3164), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    ];

    // Signs after which a joiner changes how the letter before it is drawn.
    static readonly HashSet<int> Viramas = [0x094D, 0x09CD, 0x0A4D, 0x0ACD, 0x0B4D, 0x0BCD, 0x0C4D, 0x0CCD, 0x0D4D,
        0x0DCA, 0x1039, 0x103A, 0x17D2, 0xABED];

    /// <returns>The fault of free text, as the end of a sentence; null without one.</returns>
    public static string? ViolationOfText(string text)
    {
        if (!UnicodeText.IsWellFormed(text)) return UnicodeText.NotAllowed;
        foreach (var rune in text.EnumerateRunes())
            if (IsHidden(rune)) return HasHidden(rune);
        return null;
    }

    /// <returns>The fault of a name or of a part of an address, as the end of a sentence; null without one.</returns>
    public static string? ViolationOfName(string text)
    {
        if (ViolationOfText(text) is { } violation) return violation;
        var runes = text.EnumerateRunes().ToArray();
        string? script = null;
        for (var i = 0; i < runes.Length; i++)
        {
            if (Rune.IsControl(runes[i]) || IsMark(runes[i]) && !HasContext(runes, i)) return HasHidden(runes[i]);
            if (IsStyled(runes[i])) return $"has a styled letter ({Name(runes[i])}); write the plain one";
            if (Rune.IsLetter(runes[i]) && Scripts.Of(runes[i]) is { } other)
            {
                if (script is not null && script != other) return $"mixes {script} and {other} letters in one word";
                script = other;
            }
            else if (!BelongsToWord(runes[i])) script = null;
        }
        return null;
    }

    static bool IsHidden(Rune rune) => Array.Exists(Hidden, range =>
        rune.Value >= range.First && rune.Value <= range.Last);

    static string HasHidden(Rune rune) => $"has a character that cannot be seen ({Name(rune)})";

    /// <summary>Joiners, direction marks and variation selectors: invisible, and needed by some scripts.</summary>
    static bool IsMark(Rune rune) =>
        rune.Value is 0x061C or (>= 0x200C and <= 0x200F) or (>= 0xFE00 and <= 0xFE0F);

    /// <summary>Whether the mark changes how its neighbours are drawn: a joiner beside a virama, a non-joiner between
    /// Arabic letters, a selector after a symbol. A direction mark never does.</summary>
    static bool HasContext(Rune[] runes, int at)
    {
        if (at == 0) return false;
        var (before, after) = (runes[at - 1], at + 1 < runes.Length ? runes[at + 1] : default);
        return runes[at].Value switch
        {
            0x200C or 0x200D when Viramas.Contains(before.Value) || Viramas.Contains(after.Value) => true,
            0x200C => Scripts.Of(before) == "Arabic" && Scripts.Of(after) == "Arabic",
            >= 0xFE00 and <= 0xFE0F => Rune.GetUnicodeCategory(before) == UnicodeCategory.OtherSymbol,
            _ => false,
        };
    }

    /// <summary>Mathematical and enclosed letters, which look like plain ones.</summary>
    static bool IsStyled(Rune rune) => rune.Value is (>= 0x1D400 and <= 0x1D7FF) or (>= 0x24B6 and <= 0x24E9)
        or (>= 0x1F110 and <= 0x1F189);

    static bool BelongsToWord(Rune rune) => Rune.IsLetter(rune) || IsMark(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    static string Name(Rune rune) => "U+" + rune.Value.ToString("X4", CultureInfo.InvariantCulture);
}

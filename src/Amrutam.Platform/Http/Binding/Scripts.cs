using System.Text;

namespace Amrutam.Platform.Http.Binding;

/// <summary>The script that a letter belongs to, by Unicode's blocks.</summary>
/// <remarks>.NET does not have Unicode's property Script, and the blocks of the scripts of names are enough. A letter
/// of another block counts as common to all, and mixes with every script.</remarks>
static class Scripts
{
    const string Latin = "Latin", Greek = "Greek", Cyrillic = "Cyrillic", Armenian = "Armenian", Hebrew = "Hebrew",
        Arabic = "Arabic", Cherokee = "Cherokee", Georgian = "Georgian", Coptic = "Coptic",
        // Japanese and Korean mix these in one word.
        EastAsian = "East Asian";

    static readonly (int First, int Last, string Script)[] Blocks = [
        (0x0041, 0x02AF, Latin), (0x0370, 0x03FF, Greek), (0x0400, 0x052F, Cyrillic), (0x0530, 0x058F, Armenian),
        (0x0590, 0x05FF, Hebrew), (0x0600, 0x06FF, Arabic), (0x0700, 0x074F, "Syriac"), (0x0750, 0x077F, Arabic),
        (0x0780, 0x07BF, "Thaana"), (0x07C0, 0x07FF, "N'Ko"), (0x0870, 0x08FF, Arabic), (0x0900, 0x097F, "Devanagari"),
        (0x0980, 0x09FF, "Bengali"), (0x0A00, 0x0A7F, "Gurmukhi"), (0x0A80, 0x0AFF, "Gujarati"),
        (0x0B00, 0x0B7F, "Odia"), (0x0B80, 0x0BFF, "Tamil"), (0x0C00, 0x0C7F, "Telugu"), (0x0C80, 0x0CFF, "Kannada"),
        (0x0D00, 0x0D7F, "Malayalam"), (0x0D80, 0x0DFF, "Sinhala"), (0x0E00, 0x0E7F, "Thai"), (0x0E80, 0x0EFF, "Lao"),
        (0x0F00, 0x0FFF, "Tibetan"), (0x1000, 0x109F, "Myanmar"), (0x10A0, 0x10FF, Georgian),
        (0x1100, 0x11FF, EastAsian), (0x1200, 0x139F, "Ethiopic"), (0x13A0, 0x13FF, Cherokee),
        (0x1400, 0x167F, "Canadian syllabics"), (0x1780, 0x17FF, "Khmer"), (0x1800, 0x18AF, "Mongolian"),
        (0x1C50, 0x1C7F, "Ol Chiki"), (0x1C80, 0x1C8F, Cyrillic), (0x1C90, 0x1CBF, Georgian), (0x1D00, 0x1DBF, Latin),
        (0x1E00, 0x1EFF, Latin), (0x1F00, 0x1FFF, Greek), (0x2C60, 0x2C7F, Latin), (0x2C80, 0x2CFF, Coptic),
        (0x2D00, 0x2D2F, Georgian), (0x2D80, 0x2DDF, "Ethiopic"), (0x2DE0, 0x2DFF, Cyrillic),
        (0x2E80, 0x2FFF, EastAsian), (0x3005, 0x31FF, EastAsian), (0x3400, 0x9FFF, EastAsian),
        (0xA4D0, 0xA4FF, "Lisu"), (0xA640, 0xA69F, Cyrillic), (0xA720, 0xA7FF, Latin), (0xA8E0, 0xA8FF, "Devanagari"),
        (0xAA60, 0xAA7F, "Myanmar"), (0xAAE0, 0xAAFF, "Meetei Mayek"), (0xAB00, 0xAB2F, "Ethiopic"),
        (0xAB30, 0xAB6F, Latin), (0xAB70, 0xABBF, Cherokee), (0xABC0, 0xABFF, "Meetei Mayek"),
        (0xAC00, 0xD7FF, EastAsian), (0xF900, 0xFAFF, EastAsian), (0xFB00, 0xFB06, Latin), (0xFB13, 0xFB17, Armenian),
        (0xFB1D, 0xFB4F, Hebrew), (0xFB50, 0xFDFF, Arabic), (0xFE70, 0xFEFF, Arabic), (0xFF21, 0xFF5A, Latin),
        (0xFF66, 0xFF9F, EastAsian), (0x20000, 0x3FFFF, EastAsian),
    ];

    /// <returns>The script of a letter; null for a letter that all scripts share.</returns>
    public static string? Of(Rune letter)
    {
        var (first, last) = (0, Blocks.Length - 1);
        while (first <= last)
        {
            var middle = (first + last) / 2;
            if (letter.Value < Blocks[middle].First) last = middle - 1;
            else if (letter.Value > Blocks[middle].Last) first = middle + 1;
            else return Blocks[middle].Script;
        }
        return null;
    }
}

using System.Globalization;
using Amrutam.Portal.Parts;
using Microsoft.Extensions.Localization;

namespace Amrutam.Portal;

/// <summary>Names the resource files of the portal's words.</summary>
sealed class Words;

static class Plurals
{
    /// <summary>Returns <c>name.one</c> or <c>name.other</c>: English counts 1 as one, Hindi 0 and 1 (Unicode's plural
    /// rules).</summary>
    public static string Plural(this IStringLocalizer words, string name, long count) =>
        words[name + (count == 1 || (count == 0 && IsHindi) ? ".one" : ".other"), Show.Count(count)];

    /// <summary>Returns the word for a code. A test finds codes without a word; the code itself is the last
    /// resort.</summary>
    public static string Named(this IStringLocalizer words, string group, string code) =>
        words[group + "." + code] is { ResourceNotFound: false } word ? word : code.Replace('_', ' ').Replace('.', ' ');

    /// <summary>Returns the sentence with the reason of the API's refusal.</summary>
    public static string Sorry(this IStringLocalizer words, string code) =>
        words["sorry." + code] is { ResourceNotFound: false } word ? word : words["sorry.other"];

    static bool IsHindi => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "hi";
}

using System.Collections.Frozen;
using System.Text;
using Amrutam.Platform.Http.Binding;

namespace Amrutam.Doctors.Profiles;

/// <summary>The languages that doctors and patients speak, with their names in English and in the language
/// itself.</summary>
/// <remarks>It is a table of our own, because the operating systems' tables differ, and every server must know a stored
/// code. A region or script is dropped (hi-IN is hi), because patients ask for doctors who speak Hindi.</remarks>
static class Languages
{
    // The twenty-two of the Indian constitution, other languages of India, then those of the diaspora and of visitors.
    static readonly (string Code, string Names)[] Known = [
        ("as", "Assamese|অসমীয়া"), ("bn", "Bengali|Bangla|বাংলা"), ("brx", "Bodo|बड़ो"),
        ("doi", "Dogri|डोगरी"), ("gu", "Gujarati|ગુજરાતી"), ("hi", "Hindi|हिन्दी|हिंदी"),
        ("kn", "Kannada|ಕನ್ನಡ"), ("ks", "Kashmiri|कॉशुर"), ("kok", "Konkani|कोंकणी"),
        ("mai", "Maithili|मैथिली"), ("ml", "Malayalam|മലയാളം"), ("mni", "Manipuri|Meitei|মৈতৈলোন্"),
        ("mr", "Marathi|मराठी"), ("ne", "Nepali|नेपाली"), ("or", "Odia|Oriya|ଓଡ଼ିଆ"),
        ("pa", "Punjabi|Panjabi|ਪੰਜਾਬੀ"), ("sa", "Sanskrit|संस्कृतम्"), ("sat", "Santali|ᱥᱟᱱᱛᱟᱲᱤ"),
        ("sd", "Sindhi|سنڌي"), ("ta", "Tamil|தமிழ்"), ("te", "Telugu|తెలుగు"), ("ur", "Urdu|اردو"),
        ("awa", "Awadhi|अवधी"), ("bho", "Bhojpuri|भोजपुरी"), ("hne", "Chhattisgarhi|छत्तीसगढ़ी"),
        ("ins", "Indian Sign Language"), ("kha", "Khasi"), ("lus", "Mizo"), ("mag", "Magahi|मगही"),
        ("mwr", "Marwari|मारवाड़ी"), ("raj", "Rajasthani|राजस्थानी"), ("tcy", "Tulu|ತುಳು"),
        ("kfr", "Kachchhi|Kutchi|કચ્છી"), ("gbm", "Garhwali|गढ़वळि"), ("kfy", "Kumaoni|कुमाऊँनी"),
        ("am", "Amharic|አማርኛ"), ("ar", "Arabic|العربية"), ("bo", "Tibetan|བོད་སྐད་"),
        ("cs", "Czech|Čeština"), ("da", "Danish|Dansk"), ("de", "German|Deutsch"),
        ("dv", "Dhivehi|ދިވެހި"), ("dz", "Dzongkha|རྫོང་ཁ"), ("el", "Greek|Ελληνικά"),
        ("en", "English"), ("es", "Spanish|Español"), ("fa", "Persian|Farsi|فارسی"),
        ("fi", "Finnish|Suomi"), ("fr", "French|Français"), ("he", "Hebrew|עברית"),
        ("hu", "Hungarian|Magyar"), ("id", "Indonesian|Bahasa Indonesia"), ("it", "Italian|Italiano"),
        ("ja", "Japanese|日本語"), ("km", "Khmer|ខ្មែរ"), ("ko", "Korean|한국어"), ("lo", "Lao|ລາວ"),
        ("ms", "Malay|Bahasa Melayu"), ("my", "Burmese|မြန်မာ"), ("nl", "Dutch|Nederlands"),
        ("no", "Norwegian|Norsk"), ("pl", "Polish|Polski"), ("ps", "Pashto|پښتو"),
        ("pt", "Portuguese|Português"), ("ro", "Romanian|Română"), ("ru", "Russian|Русский"),
        ("si", "Sinhala|සිංහල"), ("so", "Somali|Soomaali"), ("sv", "Swedish|Svenska"),
        ("sw", "Swahili|Kiswahili"), ("th", "Thai|ไทย"), ("tl", "Filipino|Tagalog"),
        ("tr", "Turkish|Türkçe"), ("uk", "Ukrainian|Українська"), ("vi", "Vietnamese|Tiếng Việt"),
        ("zh", "Chinese|Mandarin|中文"),
    ];

    static readonly FrozenDictionary<string, string> CodesByName = Known
        .SelectMany(language => language.Names.Split('|').Append(language.Code),
            (language, name) => (Name: UnicodeText.Normal(name, NormalizationForm.FormC)!, language.Code))
        .ToFrozenDictionary(entry => entry.Name, entry => entry.Code, StringComparer.OrdinalIgnoreCase);

    static readonly FrozenDictionary<string, string> NamesByCode = Known.ToFrozenDictionary(
        language => language.Code, language => language.Names.Replace('|', ' '), StringComparer.Ordinal);

    /// <returns>The code of a language given by name (Hindi, हिन्दी), code (hi) or tag (hi-IN); null when it is none we
    /// know.</returns>
    public static string? Code(string? language)
    {
        if (language is null || UnicodeText.Normal(language, NormalizationForm.FormC)?.Trim() is not { } text)
            return null;
        if (CodesByName.TryGetValue(text, out var code)) return code;
        // A tag is a code and, after a hyphen, script or region; a name with a hyphen is not one.
        var hyphen = text.IndexOf('-', StringComparison.Ordinal);
        return hyphen is 2 or 3 && CodesByName.TryGetValue(text[..hyphen], out code) && code.Length == hyphen
            ? code
            : null;
    }

    /// <summary>The names of the languages, for the search.</summary>
    public static string NamesOf(IEnumerable<string> codes) =>
        string.Join(' ', codes.Select(code => NamesByCode[code]));
}

using System.Globalization;
using System.Text;
using Amrutam.Notifications.Contracts;
using Amrutam.Platform.Http.Binding;

namespace Amrutam.Identity.Accounts;

/// <summary>An e-mail address of the form <c>local@domain</c>. Only an e-mail to it shows whether it works.</summary>
/// <remarks>The domain is stored and compared in its ASCII form, as DNS and browsers have it. So a domain that looks
/// like another one shows that it is another.</remarks>
static class EmailAddress
{
    static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    // RFC 5321's limits for the whole and for the local part, in bytes.
    public const int MaxLength = 254;
    const int MaxLocalPart = 64;

    public const string Rule = "must be an e-mail address, as name@example.org";

    /// <summary>Reads an address that is new to the product.</summary>
    /// <returns>The address without spaces around it, in NFC, with its domain in ASCII. Null for other text, for
    /// address literals, and for text that <see cref="TextRules"/> refuses in names.</returns>
    public static string? Parse(string text)
    {
        // Before any work that grows with the length. Four bytes a code point is the most.
        if (text.Length > 4 * MaxLength || UnicodeText.Normal(text, NormalizationForm.FormC)?.Trim() is not { } given)
            return null;
        var at = given.LastIndexOf('@');
        if (at < 1 || Ascii(given[(at + 1)..]) is not { } domain || !domain.Contains('.', StringComparison.Ordinal)
            || IsNumber(domain[(domain.LastIndexOf('.') + 1)..])) return null;
        var (local, address) = (given[..at], given[..at] + '@' + domain);
        if (local.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)
            || c is '@' or '"' or '<' or '>' or '(' or ')' or '[' or ']' or ',' or ';' or ':' or '\\')
            || Encoding.UTF8.GetByteCount(local) > MaxLocalPart || Encoding.UTF8.GetByteCount(address) > MaxLength)
            return null;
        return TextRules.ViolationOfName(local) is null && TextRules.ViolationOfName(Idn.GetUnicode(domain)) is null
            && Mailboxes.Parse(address) is not null ? address : null;
    }

    /// <summary>The form in which addresses are compared, and in which an account is looked for. It ignores case and
    /// spaces around the address.</summary>
    /// <returns>Empty for text that no account can have.</returns>
    public static string Normal(string text)
    {
        if (UnicodeText.Normal(text, NormalizationForm.FormKC)?.Trim() is not { } address) return "";
        var at = address.LastIndexOf('@') + 1;
        return (address[..at] + (Ascii(address[at..]) ?? address[at..])).ToUpperInvariant();
    }

    /// <summary>The form in which a receiver's letters are counted: without the tag that many providers ignore, as in
    /// <c>name+tag@example.org</c>.</summary>
    public static string Receiver(string address)
    {
        var normal = Normal(address);
        var (tag, at) = (normal.IndexOf('+', StringComparison.Ordinal), normal.LastIndexOf('@'));
        return tag > 0 && tag < at ? normal[..tag] + normal[at..] : normal;
    }

    /// <returns>The ASCII form of a domain, in small letters; null if it is no domain.</returns>
    static string? Ascii(string domain)
    {
        try
        {
            var ascii = Idn.GetAscii(domain).ToLowerInvariant();
            // A label that claims to be an encoded one has to be what the decoded label encodes to.
            return Idn.GetAscii(Idn.GetUnicode(ascii)) == ascii ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>No top-level domain is a number, but the end of an IPv4 address is.</summary>
    static bool IsNumber(string label) => label.All(char.IsAsciiDigit);
}

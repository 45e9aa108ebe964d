using System.Text;
using Amrutam.Platform.Http.Binding;
using MimeKit;

namespace Amrutam.Identity.Accounts;

/// <summary>An e-mail address of the form <c>local@domain</c>. Only an e-mail to it shows whether it works.</summary>
static class EmailAddress
{
    static readonly ParserOptions Strict = new()
    {
        AddressParserComplianceMode = RfcComplianceMode.Strict, AllowAddressesWithoutDomain = false,
        AllowUnquotedCommasInAddresses = false,
    };

    // RFC 5321's limits for the whole and for the local part.
    public const int MaxLength = 254;
    const int MaxLocalPart = 64;

    public const string Rule = "must be an e-mail address, as name@example.org";

    /// <returns>The address in NFC; null for any other text.</returns>
    public static string? Parse(string text)
    {
        if (text.Length > MaxLength || !RequestValidation.WellFormed(text)) return null;
        var address = text.Trim().Normalize(NormalizationForm.FormC);
        if (address.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)
            || c is '"' or '<' or '>' or '(' or ')' or ',' or ';' or ':' or '\\')) return null;
        var at = address.LastIndexOf('@');
        if (at is < 1 or > MaxLocalPart || address.IndexOf('@', StringComparison.Ordinal) != at
            || !address[at..].Contains('.', StringComparison.Ordinal)) return null;
        return Mailbox(address) is null ? null : address;
    }

    /// <summary>The form in which addresses are compared. It ignores case.</summary>
    public static string Normal(string address) => address.Normalize(NormalizationForm.FormKC).ToUpperInvariant();

    /// <summary>The form in which a receiver's letters are counted: without the tag that many providers ignore, as in
    /// <c>name+tag@example.org</c>.</summary>
    public static string Receiver(string address)
    {
        var normal = Normal(address);
        var (tag, at) = (normal.IndexOf('+', StringComparison.Ordinal), normal.LastIndexOf('@'));
        return tag > 0 && tag < at ? normal[..tag] + normal[at..] : normal;
    }

    /// <returns>The mailbox that mail to this address goes to; null when it is no address.</returns>
    public static MailboxAddress? Mailbox(string address) =>
        MailboxAddress.TryParse(Strict, address, out var mailbox) ? mailbox : null;
}

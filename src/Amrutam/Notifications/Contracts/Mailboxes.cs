using MimeKit;

namespace Amrutam.Notifications.Contracts;

/// <summary>Reads e-mail addresses as the mail library addresses them.</summary>
static class Mailboxes
{
    static readonly ParserOptions Strict = new()
    {
        AddressParserComplianceMode = RfcComplianceMode.Strict, AllowAddressesWithoutDomain = false,
        AllowUnquotedCommasInAddresses = false,
    };

    /// <returns>The mailbox that mail to this address goes to; null when it is no address.</returns>
    public static MailboxAddress? Parse(string address) =>
        MailboxAddress.TryParse(Strict, address, out var mailbox) ? mailbox : null;
}

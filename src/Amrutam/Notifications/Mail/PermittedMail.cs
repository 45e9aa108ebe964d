using System.Collections.Frozen;
using Amrutam.Notifications.Contracts;
using MimeKit;
using NodaTime;

namespace Amrutam.Notifications.Mail;

/// <summary>Sends letters to the permitted receivers only: the transport of every environment that is not
/// Production.</summary>
/// <remarks>A copy of Production's data has the addresses of real people. The check is around the transport, so no kind
/// of letter can bypass it. An empty list permits nobody.</remarks>
sealed class PermittedMail : IOutgoingMail
{
    readonly IOutgoingMail _mail;
    readonly FrozenSet<string> _permitted;

    /// <param name="mail">The transport.</param>
    /// <param name="permitted">Addresses, and domains as <c>@example.org</c>, with commas between them.</param>
    /// <exception cref="StartupException">One is neither an address nor a domain.</exception>
    public PermittedMail(IOutgoingMail mail, string permitted)
    {
        _mail = mail;
        _permitted = permitted.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(Entry).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    public Task Send(Guid id, Instant writtenAt, Letter letter, CancellationToken ct)
    {
        var to = Mailboxes.Parse(letter.To) ?? throw new UndeliverableException(Undeliverable.InvalidAddress);
        if (!_permitted.Contains(to.InAscii()) && !_permitted.Contains(DomainOf(to)))
            throw new UndeliverableException(Undeliverable.ReceiverNotPermitted);
        return _mail.Send(id, writtenAt, letter, ct);
    }

    static string Entry(string text)
    {
        var isDomain = text.StartsWith('@');
        var mailbox = Mailboxes.Parse(isDomain ? "anybody" + text : text) ?? throw new StartupException(
            $"Setting Mail__{nameof(MailSettings.PermittedReceivers)}: an entry is neither an e-mail address nor a "
            + "domain, as @example.org.");
        return isDomain ? DomainOf(mailbox) : mailbox.InAscii();
    }

    static string DomainOf(MailboxAddress mailbox) => "@" + MailMessages.Domain(mailbox);
}

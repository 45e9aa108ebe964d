using System.Text;
using Amrutam.Notifications.Contracts;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using NodaTime;

namespace Amrutam.Notifications.Mail;

/// <summary>Sends letters to an SMTP server, each over a connection of its own.</summary>
sealed class SmtpMail(MailSettings settings, MailboxAddress from) : IOutgoingMail
{
    /// <summary>The time that the server may take to connect, to negotiate TLS, and to answer each command.</summary>
    public TimeSpan StepTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The time that the whole attempt may take.</summary>
    public TimeSpan TotalTimeout { get; init; } = TimeSpan.FromSeconds(60);

    // The server has accepted the letter by then.
    static readonly TimeSpan QuitTimeout = TimeSpan.FromSeconds(1);

    public async Task Send(Guid id, Instant writtenAt, Letter letter, CancellationToken ct)
    {
        using var message = MailMessages.Of(id, writtenAt, letter, from);
        using var total = CancellationTokenSource.CreateLinkedTokenSource(ct);
        total.CancelAfter(TotalTimeout);
        using var smtp = new SmtpClient
        {
            Timeout = (int)StepTimeout.TotalMilliseconds, LocalDomain = MailMessages.Domain(from),
            // A check of revocation would ask the certificate's authority, which a server behind a firewall does not
            // reach.
            CheckCertificateRevocation = false,
        };
        await smtp.ConnectAsync(settings.Host!, settings.Port, Security(settings), total.Token);
        if (settings.User is { } user) await smtp.AuthenticateAsync(user, settings.Password ?? "", total.Token);
        await HandOver(smtp, message, total.Token);
        await Quit(smtp, total.Token);
    }

    public static SecureSocketOptions Security(MailSettings settings) =>
        (settings.Tls ?? (settings.Port == 465 ? MailTls.Implicit : MailTls.StartTls)) switch
        {
            MailTls.Implicit => SecureSocketOptions.SslOnConnect,
            MailTls.StartTls => SecureSocketOptions.StartTls,
            _ => SecureSocketOptions.None,
        };

    static async Task HandOver(SmtpClient smtp, MimeMessage message, CancellationToken ct)
    {
        var format = FormatOptions.Default.Clone();
        if (message.From.Mailboxes.Concat(message.To.Mailboxes).All(mailbox => Ascii.IsValid(mailbox.InAscii())))
            // A message that needs no SMTPUTF8 also reaches the mailboxes of servers that do not know it.
            smtp.Capabilities &= ~SmtpCapabilities.UTF8;
        else if (smtp.Capabilities.HasFlag(SmtpCapabilities.UTF8)) format.International = true;
        else throw new UndeliverableException(Undeliverable.NeedsSmtpUtf8);
        try
        {
            await smtp.SendAsync(format, message, ct);
        }
        catch (SmtpCommandException e) when ((int)e.StatusCode is >= 500 and < 600)
        {
            throw new UndeliverableException(e.ErrorCode switch
            {
                SmtpErrorCode.SenderNotAccepted => Undeliverable.SenderRefused,
                SmtpErrorCode.RecipientNotAccepted => Undeliverable.RecipientRefused,
                _ => Undeliverable.MessageRefused,
            }, (int)e.StatusCode, e);
        }
    }

    static async Task Quit(SmtpClient smtp, CancellationToken ct)
    {
        try
        {
            smtp.Timeout = (int)QuitTimeout.TotalMilliseconds;
            await smtp.DisconnectAsync(quit: true, ct);
        }
        catch (Exception)
        {
            // The server has accepted the letter. No later failure changes that.
        }
    }
}

using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using Amrutam.Notifications.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Modules;
using MimeKit;
using NodaTime;

namespace Amrutam.Notifications.Mail;

/// <summary>Sends letters: by SMTP, or as files into a folder where no server is configured.</summary>
interface IOutgoingMail
{
    /// <summary>Sends one letter. Any exception but the one below means that a later attempt may succeed.</summary>
    /// <param name="id">The letter's id. Every attempt to send it carries the same Message-ID.</param>
    /// <param name="writtenAt">The date that the letter carries.</param>
    /// <param name="letter">The letter.</param>
    /// <param name="ct">Ends the attempt.</param>
    /// <exception cref="UndeliverableException">No later attempt can succeed.</exception>
    Task Send(Guid id, Instant writtenAt, Letter letter, CancellationToken ct);
}

/// <summary>The reason why no attempt can send a letter. The code of each is its name in snake case.</summary>
enum Undeliverable
{
    /// <summary>No key of this installation opens its encrypted text.</summary>
    Unreadable,

    /// <summary>Its text is not a letter, or no message can be made of it.</summary>
    Malformed,

    /// <summary>Its recipient is not an e-mail address.</summary>
    InvalidAddress,

    /// <summary>The environment is not Production, and its recipient is not on the list of permitted ones.</summary>
    ReceiverNotPermitted,

    /// <summary>An address in it is not ASCII, and the server does not offer SMTPUTF8.</summary>
    NeedsSmtpUtf8,

    /// <summary>The server refuses the sender for good (5xx).</summary>
    SenderRefused,

    /// <summary>The server refuses the recipient for good (5xx).</summary>
    RecipientRefused,

    /// <summary>The server refuses the message for good (5xx).</summary>
    MessageRefused,
}

/// <summary>A letter that no attempt can send.</summary>
/// <param name="reason">The reason.</param>
/// <param name="status">The server's reply code; 0 when no server was asked.</param>
/// <param name="cause">The exception behind it, if there was one.</param>
sealed class UndeliverableException(Undeliverable reason, int status = 0, Exception? cause = null)
    : Exception(reason.Code(), cause)
{
    public Undeliverable Reason => reason;

    public int Status => status;
}

/// <summary>How the connection to the mail server is encrypted.</summary>
enum MailTls
{
    /// <summary>STARTTLS before any other command. A server that does not offer it gets no letter.</summary>
    StartTls,

    /// <summary>TLS from the first byte.</summary>
    Implicit,

    /// <summary>No encryption: for a server on this machine.</summary>
    None,
}

/// <summary>The settings of mail (section <c>Mail</c>).</summary>
sealed class MailSettings
{
    /// <summary>The SMTP server; without it letters become <c>.eml</c> files.</summary>
    public string? Host { get; init; }

    [Range(1, 65535)] public int Port { get; init; } = 587;

    /// <summary>Without it <see cref="MailTls.Implicit"/> on port 465, else <see cref="MailTls.StartTls"/>.</summary>
    [EnumDataType(typeof(MailTls))] public MailTls? Tls { get; init; }

    public string? User { get; init; }

    public string? Password { get; init; }

    public string From { get; init; } = "amrutam@localhost.localdomain";

    /// <summary>The folder of the files; by default <c>mail</c> in the data directory.</summary>
    public string? Folder { get; init; }

    /// <summary>The receivers that the server's mail may go to outside Production, with commas between them: addresses,
    /// and domains as <c>@example.org</c>. Production and the folder have no such list.</summary>
    public string? PermittedReceivers { get; init; }
}

/// <summary>The clinic, as letters and calendars name it.</summary>
sealed record Sender(MailboxAddress Mailbox)
{
    public string Name => string.IsNullOrWhiteSpace(Mailbox.Name) ? "Amrutam" : Mailbox.Name;

    /// <summary>The address as a URI.</summary>
    public string Uri => Mailbox.Uri();
}

/// <summary>Makes messages of letters, and registers their destination.</summary>
static class MailMessages
{
    // RFC 5322 allows 998 bytes a line. A longer one is sent as quoted-printable, which breaks it.
    const int LongestLine = 998;

    /// <summary>The address in ASCII where that is possible: an international domain has such a form, an international
    /// local part has none.</summary>
    public static string InAscii(this MailboxAddress mailbox) => MailboxAddress.EncodeAddrspec(mailbox.Address);

    /// <summary>The address as a URI, in ASCII.</summary>
    public static string Uri(this MailboxAddress mailbox) => "mailto:"
        + System.Uri.EscapeDataString(mailbox.Address[..mailbox.Address.LastIndexOf('@')]) + '@' + Domain(mailbox);

    /// <exception cref="UndeliverableException">The letter cannot be addressed, or no message can be made of
    /// it.</exception>
    public static MimeMessage Of(Guid id, Instant writtenAt, Letter letter, MailboxAddress from)
    {
        var to = Mailboxes.Parse(letter.To) ?? throw new UndeliverableException(Undeliverable.InvalidAddress);
        try
        {
            var message = new MimeMessage
            {
                MessageId = $"{id:N}@{Domain(from)}", Date = writtenAt.ToDateTimeOffset(), Subject = letter.Subject,
                Body = Body(letter),
            };
            message.From.Add(from);
            message.To.Add(new MailboxAddress(name: "", to.Address));
            // It keeps automatic replies away.
            message.Headers[HeaderId.AutoSubmitted] = "auto-generated";
            if (letter.Unsubscribe is { } link)
            {
                message.Headers[HeaderId.ListUnsubscribe] = $"<{link.AbsoluteUri}>";
                // RFC 8058: mail programs send this as the form of the link.
                message.Headers[HeaderId.ListUnsubscribePost] = "List-Unsubscribe=One-Click";
            }
            return message;
        }
        // Another attempt would make the same message of the same letter.
        catch (Exception e)
        {
            throw new UndeliverableException(Undeliverable.Malformed, cause: e);
        }
    }

    public static string Domain(MailboxAddress from) => from.InAscii()[(from.InAscii().LastIndexOf('@') + 1)..];

    /// <summary>The text; with a visit also the visit, as an alternative for calendars and as a file.</summary>
    static MimeEntity Body(Letter letter)
    {
        var text = Body(letter.Text.ReplaceLineEndings("\r\n"));
        if (letter.Calendar is not { } calendar) return text;
        return new Multipart("mixed")
        {
            new MultipartAlternative { text, Part("text", "calendar", calendar) },
            Part("application", "ics", calendar, "visit.ics"),
        };
    }

    /// <summary>The part in base64, because a server on the way must not fold its lines.</summary>
    static MimePart Part(string type, string subtype, CalendarPart calendar, string? name = null)
    {
        var part = new MimePart(type, subtype)
        {
            Content = new MimeContent(new MemoryStream(calendar.Text)),
            ContentTransferEncoding = ContentEncoding.Base64,
        };
        part.ContentType.Parameters["charset"] = "utf-8";
        part.ContentType.Parameters["method"] = calendar.Method;
        if (name is not null) part.ContentDisposition = new(ContentDisposition.Attachment) { FileName = name };
        return part;
    }

    static TextPart Body(string text)
    {
        var isLong = text.Split("\r\n").Any(line => Encoding.UTF8.GetByteCount(line) > LongestLine);
        var body = new TextPart("plain")
        {
            ContentTransferEncoding = isLong ? ContentEncoding.QuotedPrintable : ContentEncoding.EightBit,
        };
        body.SetText(Encoding.UTF8, text);
        return body;
    }

    public static string Code(this Undeliverable reason) =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());

    public static void AddMail(this ModuleBuilder module)
    {
        var settings = module.AddSettings<MailSettings>("Mail");
        var from = Mailboxes.Parse(settings.From)
            ?? throw new StartupException($"Setting Mail__{nameof(settings.From)}: must be an e-mail address.");
        var folder = settings.Folder ?? Path.Combine(DataSettings.DirectoryOf(module.Configuration), "mail");
        module.Services.AddSingleton(new Sender(from))
            .AddSingleton(Transport());

        // A file leaves the machine for nobody, so it needs no permission.
        IOutgoingMail Transport() => settings.Host is null ? new MailFolder(from, folder)
            : module.Environment.IsProduction() ? new SmtpMail(settings, from)
            : new PermittedMail(new SmtpMail(settings, from), settings.PermittedReceivers ?? "");
    }
}

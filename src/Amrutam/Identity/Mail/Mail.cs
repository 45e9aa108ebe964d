using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Mail;
using System.Text;
using Amrutam.Platform.Data;
using Amrutam.Platform.Modules;

namespace Amrutam.Identity.Mail;

/// <summary>A message to one person, in plain text.</summary>
sealed record Letter(string To, string Subject, string Text);

/// <summary>The one way that mail leaves: by SMTP, or as files into a folder where no server is configured.</summary>
interface IOutgoingMail
{
    Task Send(Letter letter, CancellationToken ct);
}

/// <summary>Where mail goes (section <c>Mail</c>).</summary>
sealed class MailSettings
{
    /// <summary>The SMTP server; without it letters become <c>.eml</c> files.</summary>
    public string? Host { get; init; }

    [Range(1, 65535)] public int Port { get; init; } = 587;

    /// <summary>STARTTLS before anything else is said. Off only for a server on this machine.</summary>
    public bool StartTls { get; init; } = true;

    public string? User { get; init; }

    public string? Password { get; init; }

    [EmailAddress] public string From { get; init; } = "amrutam@localhost.localdomain";

    /// <summary>The folder of the files; by default <c>mail</c> in the data directory.</summary>
    public string? Folder { get; init; }
}

/// <summary>Hands letters to an SMTP server.</summary>
sealed class SmtpMail(MailSettings settings) : IOutgoingMail
{
    public async Task Send(Letter letter, CancellationToken ct)
    {
        using var smtp = new SmtpClient(settings.Host, settings.Port)
        {
            EnableSsl = settings.StartTls, DeliveryFormat = SmtpDeliveryFormat.International,
            Credentials = settings.User is { } user ? new NetworkCredential(user, settings.Password) : null,
        };
        using var message = MailMessages.Of(letter, settings.From);
        await smtp.SendMailAsync(message, ct);
    }
}

/// <summary>Writes letters as <c>.eml</c> files, which any mail program opens.</summary>
sealed class MailFolder(MailSettings settings, string folder) : IOutgoingMail
{
    public Task Send(Letter letter, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        using var files = new SmtpClient
        {
            DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory, PickupDirectoryLocation = folder,
        };
        using var message = MailMessages.Of(letter, settings.From);
        files.Send(message);
        return Task.CompletedTask;
    }
}

static class MailMessages
{
    public static MailMessage Of(Letter letter, string from) => new(from, letter.To, letter.Subject, letter.Text)
    {
        SubjectEncoding = Encoding.UTF8, BodyEncoding = Encoding.UTF8,
        // So that an answering machine does not answer.
        Headers = { ["Auto-Submitted"] = "auto-generated" },
    };

    public static void AddMail(this ModuleBuilder module)
    {
        var settings = module.AddSettings<MailSettings>("Mail");
        var folder = settings.Folder ?? Path.Combine(DataSettings.DirectoryOf(module.Configuration), "mail");
        module.Services.AddSingleton<IOutgoingMail>(settings.Host is null ? new MailFolder(settings, folder)
            : new SmtpMail(settings));
    }
}

using Amrutam.Notifications.Contracts;
using Amrutam.Platform.Operations;
using MimeKit;
using NodaTime;

namespace Amrutam.Notifications.Mail;

/// <summary>Writes letters as <c>.eml</c> files, which any mail program opens.</summary>
/// <remarks>They carry tokens, so only the user that the server runs as may read them.</remarks>
sealed class MailFolder(MailboxAddress from, string folder) : IOutgoingMail
{
    const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        OwnFolder = OwnFile | UnixFileMode.UserExecute;

    static readonly FormatOptions Readable = ReadableText();

    public async Task Send(Guid id, Instant writtenAt, Letter letter, CancellationToken ct)
    {
        using var message = MailMessages.Of(id, writtenAt, letter, from);
        using var text = new MemoryStream();
        await message.WriteToAsync(Readable, text, ct);
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, OwnFolder);
        // An earlier attempt wrote this letter and ended before it could record it.
        AtomicFile.Write(Path.Combine(folder, $"{id:N}.eml"), text.ToArray(), OwnFile);
    }

    static FormatOptions ReadableText()
    {
        var format = FormatOptions.Default.Clone();
        (format.NewLineFormat, format.International) = (NewLineFormat.Dos, true);
        return format;
    }
}

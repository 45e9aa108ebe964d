using Amrutam.Notifications.Contracts;
using Amrutam.Notifications.Mail;
using Amrutam.Tests.Support;
using MimeKit;
using NodaTime;

namespace Amrutam.Tests.Notifications.Mail;

/// <summary>Letters as files, for installations without a mail server.</summary>
public sealed class MailFolderTests : IDisposable
{
    const string Hindi = "नमस्ते राम,\n\nआपकी अगली भेंट कल है।\n.\nFrom here = 100 %.";

    static readonly Instant WrittenAt = Instant.FromUtc(2031, 5, 5, 9, 30);

    readonly string _directory = Directory.CreateTempSubdirectory("amrutam-mail-").FullName;

    string Folder => Path.Combine(_directory, "mail");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    async Task<string> Send(string text = Hindi, Guid? id = null, string to = "राम@example.org")
    {
        await new MailFolder(Mailboxes.Parse("care@example.org")!, Folder)
            .Send(id ?? Guid.CreateVersion7(), WrittenAt, new(to, "आपकी भेंट", text), CancellationToken.None);
        return Directory.EnumerateFiles(Folder).OrderBy(File.GetLastWriteTimeUtc).Last();
    }

    [Fact]
    public async Task A_file_is_text_that_a_person_can_read_and_a_mail_program_too()
    {
        var file = await Send();
        var lines = await File.ReadAllLinesAsync(file);
        lines.ShouldContain("Subject: आपकी भेंट");
        lines.ShouldContain("आपकी अगली भेंट कल है।");
        using var letter = MimeMessage.Load(file);
        letter.Body().ShouldBe(Hindi);
        letter.IsTo("राम@example.org").ShouldBeTrue();
        letter.Date.ShouldBe(WrittenAt.ToDateTimeOffset());
        letter.Headers[HeaderId.AutoSubmitted].ShouldBe("auto-generated");
    }

    [Fact]
    public async Task A_line_longer_than_mail_allows_is_quoted_and_still_no_base64()
    {
        var text = Hindi + "\n" + string.Concat(Enumerable.Repeat("भेंट ", 200));
        using var letter = MimeMessage.Load(await Send(text));
        ((TextPart)letter.Body!).ContentTransferEncoding.ShouldBe(ContentEncoding.QuotedPrintable);
        letter.Body().ShouldBe(text);
    }

    [Fact]
    public async Task A_letter_that_is_sent_again_is_the_same_file()
    {
        var id = Guid.CreateVersion7();
        await Send(id: id);
        await Send(id: id);
        using var letter = MimeMessage.Load(Directory.EnumerateFiles(Folder).Single());
        letter.MessageId.ShouldBe($"{id:N}@example.org");
    }

    [Fact]
    public async Task Only_the_user_that_the_server_runs_as_may_read_them()
    {
        if (OperatingSystem.IsWindows()) return; // Windows has no file modes.
        var file = await Send();
        File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Folder)
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task No_file_is_written_of_a_letter_without_an_address()
    {
        (await Should.ThrowAsync<UndeliverableException>(() => Send(to: "nobody")))
            .Reason.ShouldBe(Undeliverable.InvalidAddress);
        Directory.Exists(Folder).ShouldBeFalse();
    }
}

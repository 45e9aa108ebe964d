using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Amrutam.Notifications.Contracts;
using Amrutam.Notifications.Mail;
using Amrutam.Tests.Support;
using MailKit.Security;
using MimeKit;
using NodaTime;

namespace Amrutam.Tests.Notifications.Mail;

/// <summary>One attempt to hand a letter to a mail server. The exception says whether a later one may
/// succeed.</summary>
public sealed class SmtpMailTests
{
    const string Hindi = "नमस्ते राम,\n\nआपकी अगली भेंट कल है।\n.\nधन्यवाद";

    static readonly Instant WrittenAt = Instant.FromUtc(2031, 5, 5, 9, 30);

    // Longer than a busy machine delays a step.
    static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    static SmtpMail Mail(int port, MailTls tls = MailTls.None, string? user = null) =>
        new(new() { Host = "127.0.0.1", Port = port, Tls = tls, User = user, Password = user },
            Mailboxes.Parse("Amrutam <care@example.org>")!)
        {
            StepTimeout = Step,
        };

    static Task Send(SmtpMail mail, string to = "ram@example.org", Guid? id = null, string subject = "Tomorrow",
        string text = Hindi) =>
        mail.Send(id ?? Guid.CreateVersion7(), WrittenAt, new(to, subject, text), CancellationToken.None);

    static async Task<Exception> Failure(ScriptedMailServer server, MailTls tls = MailTls.None, string? user = null,
        string to = "ram@example.org") =>
        await Should.ThrowAsync<Exception>(() => Send(Mail(server.Port, tls, user), to));

    [Fact]
    public async Task A_letter_in_Hindi_arrives_as_it_was_written()
    {
        await using var server = await MailServer.Start();
        await Send(Mail(server.Port), subject: "आपकी भेंट");
        var letter = server.Letters.Single();
        letter.Subject.ShouldBe("आपकी भेंट");
        letter.Body().ShouldBe(Hindi);
        letter.From.ToString().ShouldBe("\"Amrutam\" <care@example.org>");
        letter.To.ToString().ShouldBe("ram@example.org");
        letter.Date.ShouldBe(WrittenAt.ToDateTimeOffset());
        letter.Headers[HeaderId.AutoSubmitted].ShouldBe("auto-generated");
        ((TextPart)letter.Body!).ContentTransferEncoding.ShouldBe(ContentEncoding.EightBit);
    }

    [Fact]
    public async Task Its_message_id_is_of_our_domain_and_the_same_at_each_attempt()
    {
        await using var server = await MailServer.Start();
        var id = Guid.CreateVersion7();
        await Send(Mail(server.Port), id: id);
        await Send(Mail(server.Port), id: id);
        await Send(Mail(server.Port));
        var ids = server.Letters.Select(letter => letter.MessageId!).ToList();
        ids[0].ShouldBe($"{id:N}@example.org");
        ids[1].ShouldBe(ids[0]);
        ids[2].ShouldNotBe(ids[0]);
    }

    [Fact]
    public async Task Only_a_letter_of_an_optional_kind_says_how_to_turn_its_kind_off()
    {
        await using var server = await MailServer.Start();
        var link = new Uri("https://clinic.example/unsubscribe/" + new string('A', 60));
        await Mail(server.Port).Send(Guid.CreateVersion7(), WrittenAt,
            new("ram@example.org", "Tomorrow", Hindi) { Unsubscribe = link }, CancellationToken.None);
        await Send(Mail(server.Port));
        server.Letters.Select(letter => letter.Headers[HeaderId.ListUnsubscribe]).ShouldBe([$"<{link}>", null]);
        server.Letters.Select(letter => letter.Headers[HeaderId.ListUnsubscribePost])
            .ShouldBe(["List-Unsubscribe=One-Click", null]);
    }

    [Fact]
    public async Task Nothing_says_which_machine_sent_it()
    {
        await using var server = new ScriptedMailServer();
        await Send(Mail(server.Port));
        server.Heard.First().ShouldBe("EHLO example.org");
        server.Heard.ShouldNotContain(line => line.Contains(Environment.MachineName));
    }

    [Fact]
    public async Task An_address_in_another_script_is_sent_as_it_is_where_the_server_offers_SMTPUTF8()
    {
        await using var server = await MailServer.Start();
        await Send(Mail(server.Port), to: "राम@example.org");
        server.Letters.Single().IsTo("राम@example.org").ShouldBeTrue();
    }

    [Fact]
    public async Task An_address_in_another_script_is_undeliverable_where_it_does_not()
    {
        await using var server = new ScriptedMailServer(("EHLO", "250-test\r\n250 8BITMIME"));
        (await Failure(server, to: "राम@example.org")).ShouldBeOfType<UndeliverableException>()
            .Reason.ShouldBe(Undeliverable.NeedsSmtpUtf8);
        server.Heard.ShouldNotContain(line => line.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_domain_in_another_script_needs_no_SMTPUTF8()
    {
        await using var server = new ScriptedMailServer();
        await Send(Mail(server.Port), to: "ram@उदाहरण.भारत");
        server.Heard.ShouldContain("RCPT TO:<ram@xn--p1b6ci4b4b3a.xn--h2brj9c>");
        server.Heard.ShouldNotContain(line => line.Contains("SMTPUTF8"));
    }

    [Theory]
    [InlineData("ram")]
    [InlineData("ram.@example.org")]
    [InlineData("ram@example.org, sita@example.org")]
    [InlineData("ram@example.org\r\nBcc: sita@example.org")]
    [InlineData("")]
    public async Task A_malformed_address_is_undeliverable(string to)
    {
        await using var server = new ScriptedMailServer();
        (await Failure(server, to: to)).ShouldBeOfType<UndeliverableException>()
            .Reason.ShouldBe(Undeliverable.InvalidAddress);
        server.Heard.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("MAIL", "553 no", Undeliverable.SenderRefused)]
    [InlineData("MAIL", "554 no", Undeliverable.SenderRefused)]
    [InlineData("RCPT", "550 no", Undeliverable.RecipientRefused)]
    [InlineData("RCPT", "554 no", Undeliverable.RecipientRefused)]
    [InlineData("DATA", "554 no", Undeliverable.MessageRefused)]
    [InlineData(ScriptedMailServer.Message, "552 no", Undeliverable.MessageRefused)]
    internal async Task A_permanent_answer_of_the_server_is_undeliverable(string verb, string answer,
        Undeliverable reason)
    {
        await using var server = new ScriptedMailServer((verb, answer));
        var failure = (await Failure(server)).ShouldBeOfType<UndeliverableException>();
        failure.Reason.ShouldBe(reason);
        failure.Status.ShouldBe(int.Parse(answer[..3]));
    }

    [Theory]
    [InlineData(ScriptedMailServer.Greeting, "421 later")]
    [InlineData(ScriptedMailServer.Greeting, "554 no service")]
    [InlineData("AUTH", "535 wrong password")]
    [InlineData("MAIL", "451 later")]
    [InlineData("MAIL", "530 who are you?")]
    [InlineData("RCPT", "450 greylisted")]
    [InlineData("DATA", "451 later")]
    [InlineData(ScriptedMailServer.Message, "452 full")]
    [InlineData(ScriptedMailServer.Message, ScriptedMailServer.HangUp)]
    [InlineData("DATA", ScriptedMailServer.HangUp)]
    [InlineData(ScriptedMailServer.Greeting, ScriptedMailServer.HangUp)]
    public async Task A_transient_failure_is_tried_again(string verb, string answer)
    {
        await using var server = new ScriptedMailServer(("EHLO", "250-test\r\n250 AUTH PLAIN"), (verb, answer));
        (await Failure(server, user: verb == "AUTH" ? "care" : null)).ShouldNotBeOfType<UndeliverableException>();
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_left_after_a_while_at_each_step()
    {
        (string Verb, MailTls Tls)[] steps = [(ScriptedMailServer.Greeting, MailTls.None),
            (ScriptedMailServer.Greeting, MailTls.Implicit), ("EHLO", MailTls.None), ("STARTTLS", MailTls.StartTls),
            ("AUTH", MailTls.None), ("MAIL", MailTls.None), ("RCPT", MailTls.None), ("DATA", MailTls.None),
            (ScriptedMailServer.Message, MailTls.None)];
        await Task.WhenAll(steps.Select(async step =>
        {
            await using var server = new ScriptedMailServer(("EHLO", "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN"),
                (step.Verb, ScriptedMailServer.Silence));
            var clock = Stopwatch.StartNew();
            (await Failure(server, step.Tls, "care")).ShouldNotBeOfType<UndeliverableException>();
            clock.Elapsed.ShouldBeInRange(Step / 2, TimeSpan.FromSeconds(20), step.ToString());
            if (step.Verb is "STARTTLS" or "AUTH" or "MAIL" or "RCPT" or "DATA")
                server.Heard.Last().ShouldStartWith(step.Verb);
        }));
    }

    [Fact]
    public async Task A_server_that_takes_no_connection_is_left_after_a_while()
    {
        using var full = new TcpListener(IPAddress.Loopback, 0);
        full.Start(backlog: 0);
        // This connection fills the backlog, so the system answers no other.
        using var first = new TcpClient();
        await first.ConnectAsync((IPEndPoint)full.LocalEndpoint);
        var clock = Stopwatch.StartNew();
        await Should.ThrowAsync<Exception>(() => Send(Mail(((IPEndPoint)full.LocalEndpoint).Port)));
        clock.Elapsed.ShouldBeInRange(Step / 2, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task An_attempt_takes_no_longer_than_the_whole_of_it_may()
    {
        await using var server = new ScriptedMailServer(("RCPT", ScriptedMailServer.Silence));
        var mail = new SmtpMail(new() { Host = "127.0.0.1", Port = server.Port, Tls = MailTls.None },
            Mailboxes.Parse("care@example.org")!)
        {
            StepTimeout = TimeSpan.FromHours(1), TotalTimeout = Step,
        };
        var clock = Stopwatch.StartNew();
        await Should.ThrowAsync<OperationCanceledException>(() => Send(mail));
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_letter_that_the_server_has_taken_is_sent_however_the_connection_ends()
    {
        await using var hangsUp = new ScriptedMailServer(("QUIT", ScriptedMailServer.HangUp));
        await Send(Mail(hangsUp.Port));
        await using var isSilent = new ScriptedMailServer(("QUIT", ScriptedMailServer.Silence));
        await Send(Mail(isSilent.Port));
    }

    [Theory]
    [InlineData(MailTls.StartTls)]
    [InlineData(MailTls.Implicit)]
    internal async Task A_server_whose_certificate_nobody_vouches_for_gets_no_letter(MailTls tls)
    {
        using var certificate = Certificates.SelfSigned("127.0.0.1");
        await using var server = await MailServer.Start(certificate: certificate, implicitTls: tls == MailTls.Implicit);
        await Should.ThrowAsync<SslHandshakeException>(() => Send(Mail(server.Port, tls)));
        server.Letters.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_server_that_offers_no_STARTTLS_gets_no_letter()
    {
        await using var server = await MailServer.Start();
        await Should.ThrowAsync<NotSupportedException>(() => Send(Mail(server.Port, MailTls.StartTls)));
        server.Letters.ShouldBeEmpty();
    }
}

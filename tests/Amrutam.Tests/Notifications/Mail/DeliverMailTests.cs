using System.Security.Cryptography;
using System.Text;
using Amrutam.Identity.Contracts;
using Amrutam.Identity.Encryption;
using Amrutam.Notifications.Contracts;
using Amrutam.Notifications.Mail;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using SmtpServer.Protocol;

namespace Amrutam.Tests.Notifications.Mail;

/// <summary>The outcome of each letter in the queue. No letter holds up the others.</summary>
/// <remarks>The test runs the job itself, with a key of its own.</remarks>
public sealed class DeliverMailTests(TestCluster cluster) : IAsyncLifetime
{
    const string Ram = "ram@example.org", Sita = "sita@example.org";

    static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    readonly SecretEncryption _box = new(RandomNumberGenerator.GetBytes(32));
    readonly LogLines<DeliverMail> _log = new();
    ServiceProvider _services = null!;
    NpgsqlDataSource _db = null!;
    Outbox _outbox = null!;
    string _app = "";

    public async ValueTask InitializeAsync()
    {
        var database = await cluster.NewDatabase();
        (_db, _app) = (Database.OpenUnpooled(database.Owner, "tests"), database.App);
        _outbox = new(_db, _box);
        _services = new ServiceCollection().AddMetrics().AddSingleton(_db).BuildServiceProvider();
    }

    public async ValueTask DisposeAsync() => await _services.DisposeAsync();

    DeliverMail Job(int port, MailTls tls = MailTls.None) => new(_db, new Secrets(_box),
        new SmtpMail(new() { Host = "127.0.0.1", Port = port, Tls = tls }, Mailboxes.Parse("care@example.org")!)
        {
            StepTimeout = Step,
        }, _log);

    async Task Deliver(int port, MailTls tls = MailTls.None)
    {
        var job = Job(port, tls);
        while (await job.SendNext(CancellationToken.None)) { }
    }

    [Fact]
    public async Task A_letter_that_is_sent_is_forgotten()
    {
        await using var server = await MailServer.Start();
        var letter = await _outbox.Add(Ram);
        await Deliver(server.Port);
        server.Letters.Single().IsTo(Ram).ShouldBeTrue();
        (await _outbox.Find(letter)).ShouldBeNull();
    }

    /// <summary>The previous version of the server may still run: it knows the table by its former name.</summary>
    [Fact]
    public async Task A_letter_that_the_previous_version_queues_is_sent()
    {
        await using var server = await MailServer.Start();
        await using var former = Database.OpenUnpooled(_app, "tests");
        var letter = await _outbox.Add(Ram, table: "identity.outgoing_mails", db: former);
        await Deliver(server.Port);
        server.Letters.Single().IsTo(Ram).ShouldBeTrue();
        (await _outbox.Find(letter)).ShouldBeNull();
    }

    [Fact]
    public async Task The_previous_version_sends_and_parks_letters_under_the_former_name()
    {
        var (sent, parked) = (await _outbox.Add(Ram), await _outbox.Add(Sita));
        await using var former = Database.OpenUnpooled(_app, "tests");
        (await former.Statement("""
            select id from identity.outgoing_mails
             where next_attempt_at <= now() order by next_attempt_at limit 1 for update skip locked
            """).Value<Guid>()).ShouldBe(sent);
        await former.Statement("delete from identity.outgoing_mails where id = $1").With(sent).Execute();
        await former.Statement("""
            update identity.outgoing_mails
               set attempts = attempts + 1, next_attempt_at = 'infinity', parked_because = 'malformed'
             where id = $1
            """).With(parked).Execute();
        (await _outbox.Find(sent)).ShouldBeNull();
        (await _outbox.Find(parked)).ShouldBe(new(1, "malformed", null));
    }

    [Fact]
    public async Task A_letter_whose_text_no_key_opens_is_parked_and_those_behind_it_are_sent()
    {
        await IsParkedAndTheNextIsSent(await _outbox.AddSealed("broken"u8.ToArray()), "unreadable");
        await IsParkedAndTheNextIsSent(await _outbox.AddSealed(_box.Encrypt("{}"u8, "another purpose")), "unreadable");
    }

    [Fact]
    public async Task A_letter_that_no_message_can_be_made_of_is_parked_and_those_behind_it_are_sent()
    {
        foreach (var text in new[] { "{}", "null" })
            await IsParkedAndTheNextIsSent(await _outbox.AddSealed(
                _box.Encrypt(Encoding.UTF8.GetBytes(text), LetterQueue.Purpose)), "malformed");
    }

    [Fact]
    public async Task A_letter_that_cannot_be_addressed_is_parked_and_those_behind_it_are_sent() =>
        await IsParkedAndTheNextIsSent(await _outbox.Add("ram@"), "invalid_address");

    [Fact]
    public async Task A_letter_whose_recipient_is_refused_for_good_is_parked_and_those_behind_it_are_sent() =>
        await IsParkedAndTheNextIsSent(await _outbox.Add(Ram), "recipient_refused",
            new(SmtpReplyCode.MailboxUnavailable, "5.1.1 <ram@example.org> is nobody"));

    async Task IsParkedAndTheNextIsSent(Guid letter, string reason, SmtpResponse? answer = null)
    {
        await using var server = await MailServer.Start();
        server.Judge = (address, _) => Task.FromResult(address == Ram ? answer : null);
        var next = await _outbox.Add(Sita);
        await Deliver(server.Port);
        (await _outbox.Find(letter)).ShouldBe(new(Attempts: 1, reason, Minutes: null));
        (await _outbox.Events(letter)).ShouldBe(["mails.parked " + reason]);
        server.Letters.Single().IsTo(Sita).ShouldBeTrue();
        (await _outbox.Find(next)).ShouldBeNull();
        _log.Written.Last(line => line.Text.Contains("parked")).Text.ShouldContain(reason);
        _log.Written.ShouldNotContain(line => line.Text.Contains('@'));
    }

    [Fact]
    public async Task A_letter_for_which_the_server_would_need_SMTPUTF8_is_parked_and_those_behind_it_are_sent()
    {
        await using var server = new ScriptedMailServer(("EHLO", "250-test\r\n250 8BITMIME"));
        var (letter, next) = (await _outbox.Add("राम@example.org"), await _outbox.Add(Sita));
        await Deliver(server.Port);
        (await _outbox.Find(letter))!.ParkedBecause.ShouldBe("needs_smtp_utf8");
        (await _outbox.Find(next)).ShouldBeNull();
    }

    [Theory]
    [InlineData(450)]
    [InlineData(null)]
    public async Task A_letter_that_the_server_does_not_take_now_is_postponed_and_others_are_sent_meanwhile(int? code)
    {
        await using var server = await MailServer.Start();
        server.Judge = async (address, ct) =>
        {
            if (address != Ram) return null;
            // Without a code the server never answers.
            if (code is null) await Task.Delay(Timeout.Infinite, ct);
            return new((SmtpReplyCode)code!, "later");
        };
        var (letter, next) = (await _outbox.Add(Ram), await _outbox.Add(Sita));
        await Deliver(server.Port);
        server.Letters.Single().IsTo(Sita).ShouldBeTrue();
        (await _outbox.Find(next)).ShouldBeNull();
        var row = (await _outbox.Find(letter))!;
        row.ShouldBe(new(Attempts: 1, ParkedBecause: null, row.Minutes));
        row.Minutes!.Value.ShouldBeInRange(0.5, 1);
        (await _outbox.Events(letter)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Each_attempt_carries_the_same_message_id_and_waits_longer_for_the_next()
    {
        await using var server = await MailServer.Start();
        server.Answer = _ => new(SmtpReplyCode.Aborted, "later");
        var letter = await _outbox.Add(Ram);
        foreach (var minutes in new[] { 1, 2, 4 })
        {
            await _outbox.Hurry();
            await Deliver(server.Port);
            (await _outbox.Find(letter))!.Minutes!.Value.ShouldBeInRange(minutes - 0.5, minutes);
        }
        server.Letters.Count().ShouldBe(3);
        server.Letters.ShouldAllBe(sent => sent.MessageId == $"{letter:N}@example.org");
    }

    [Theory]
    [InlineData(ScriptedMailServer.Greeting, ScriptedMailServer.HangUp)]
    [InlineData(ScriptedMailServer.Message, ScriptedMailServer.HangUp)]
    [InlineData("MAIL", "530 sign in first")]
    public async Task A_server_that_fails_parks_nothing(string verb, string answer)
    {
        await using var server = new ScriptedMailServer((verb, answer));
        Guid[] letters = [await _outbox.Add(Ram), await _outbox.Add(Sita)];
        await Deliver(server.Port);
        foreach (var letter in letters)
            (await _outbox.Find(letter)).ShouldSatisfyAllConditions(row => row!.Attempts.ShouldBe(1),
                row => row!.ParkedBecause.ShouldBeNull());
    }

    [Theory]
    [InlineData(MailTls.StartTls)]
    [InlineData(MailTls.Implicit)]
    internal async Task A_wrong_certificate_postpones_and_never_sends(MailTls tls)
    {
        using var certificate = Certificates.SelfSigned("127.0.0.1");
        await using var server = await MailServer.Start(certificate: certificate, implicitTls: tls == MailTls.Implicit);
        var letter = await _outbox.Add(Ram);
        await Deliver(server.Port, tls);
        (await _outbox.Find(letter))!.Attempts.ShouldBe(1);
        server.Letters.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stop_leaves_the_letter_as_it_was()
    {
        await using var server = await MailServer.Start();
        using var stop = new CancellationTokenSource();
        server.Judge = async (_, ct) =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, ct);
            return null;
        };
        var letter = await _outbox.Add(Ram);
        var job = Job(server.Port);
        await Should.ThrowAsync<OperationCanceledException>(() => job.SendNext(stop.Token));
        (await _outbox.Find(letter))!.Attempts.ShouldBe(0);
    }

    [Fact]
    public async Task A_letter_that_was_not_sent_in_three_days_is_given_up_parked_or_not()
    {
        await using var server = new ScriptedMailServer((ScriptedMailServer.Greeting, ScriptedMailServer.HangUp));
        var (postponed, parked) = (await _outbox.Add(Ram), await _outbox.Add("ram@"));
        await Deliver(server.Port);
        var untried = await _outbox.Add(Ram);
        await _db.Statement("update notifications.outgoing_mails set created_at = now() - interval '73 hours'")
            .Execute();
        var young = await _outbox.Add(Sita);
        await _db.Statement("update notifications.outgoing_mails set attempts = 9 where id = $1").With(young).Execute();
        await new GiveUpMail(_db).RunOnce();
        (await _outbox.Find(postponed)).ShouldBeNull();
        (await _outbox.Find(parked)).ShouldBeNull();
        (await _outbox.Events(postponed)).ShouldBe(["mails.given_up"]);
        (await _outbox.Events(parked)).ShouldBe(["mails.parked invalid_address", "mails.given_up"]);
        (await _outbox.Find(untried)).ShouldNotBeNull();
        (await _outbox.Find(young)).ShouldNotBeNull();
    }

    [Fact]
    public async Task An_operator_lets_parked_letters_be_tried_again()
    {
        await using var server = await MailServer.Start();
        server.Judge = (_, _) => Task.FromResult<SmtpResponse?>(new(SmtpReplyCode.MailboxUnavailable, "no"));
        await _outbox.Add(Ram);
        await Deliver(server.Port);
        server.Judge = (_, _) => Task.FromResult<SmtpResponse?>(null);
        var advice = Tree.Lines("docs/operations.md")
            .Single(line => line.StartsWith("    update notifications.outgoing_mails ", StringComparison.Ordinal));
        await _db.Statement(advice).Execute();
        await Deliver(server.Port);
        server.Letters.Single().IsTo(Ram).ShouldBeTrue();
    }

    [Fact]
    public async Task A_parked_letter_that_would_be_tried_is_refused_by_the_database()
    {
        var letter = await _outbox.Add(Ram);
        (await Should.ThrowAsync<PostgresException>(() => _db.Statement("""
            update notifications.outgoing_mails set parked_because = 'unreadable' where id = $1
            """).With(letter).Execute())).ConstraintName.ShouldBe("a_parked_mail_is_not_tried");
    }

    [Fact]
    public async Task Parked_letters_are_counted_by_reason()
    {
        await using var server = await MailServer.Start();
        await _outbox.Add("ram@");
        await _outbox.Add("sita@");
        await _outbox.AddSealed("broken"u8.ToArray());
        await Deliver(server.Port);
        (await DeliverMail.CountParked(_services, CancellationToken.None)).OrderBy(r => r.Of, StringComparer.Ordinal)
            .ShouldBe([new(2, "invalid_address"), new(0, "malformed"), new(0, "message_refused"),
                new(0, "needs_smtp_utf8"), new(0, "receiver_not_permitted"), new(0, "recipient_refused"),
                new(0, "sender_refused"), new(1, "unreadable")]);
    }
}

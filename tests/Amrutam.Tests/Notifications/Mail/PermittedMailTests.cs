using Amrutam.Identity.Encryption;
using Amrutam.Notifications.Contracts;
using Amrutam.Notifications.Mail;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Notifications.Mail;

/// <summary>Outside Production letters leave for permitted receivers only.</summary>
public sealed class PermittedMailTests(TestCluster cluster)
{
    const string Ram = "ram@example.org", Sita = "sita@example.org";

    sealed class Taken : List<string>, IOutgoingMail
    {
        public Task Send(Guid id, Instant writtenAt, Letter letter, CancellationToken ct)
        {
            Add(letter.To);
            return Task.CompletedTask;
        }
    }

    static async Task<Undeliverable?> Refusal(string permitted, string to)
    {
        var taken = new Taken();
        try
        {
            await new PermittedMail(taken, permitted).Send(Guid.CreateVersion7(), Instant.FromUtc(2031, 5, 5, 9, 30),
                new(to, "Tomorrow", "Text"), CancellationToken.None);
            taken.ShouldBe([to]);
            return null;
        }
        catch (UndeliverableException e)
        {
            taken.ShouldBeEmpty();
            return e.Reason;
        }
    }

    [Theory]
    [InlineData(Ram, Ram)]
    [InlineData(" sita@example.org , ram@example.org,", Ram)]
    [InlineData(Ram, "Ram@Example.ORG")]
    [InlineData("@example.org", Ram)]
    [InlineData("@bücher.example", "ram@xn--bcher-kva.example")]
    [InlineData("राम@example.org", "राम@example.org")]
    public async Task A_receiver_on_the_list_gets_the_letter(string permitted, string to) =>
        (await Refusal(permitted, to)).ShouldBeNull();

    [Theory]
    [InlineData("", Ram)]
    [InlineData(Sita, Ram)]
    [InlineData("@example.org", "ram@mail.example.org")]
    [InlineData("@example.org", "ram@example.org.example.com")]
    [InlineData("@example.org", "\"ram@example.org\"@example.com")]
    [InlineData(Ram, "a-ram@example.org")]
    public async Task Nobody_else_does(string permitted, string to) =>
        (await Refusal(permitted, to)).ShouldBe(Undeliverable.ReceiverNotPermitted);

    [Theory]
    [InlineData("ram@example.org, mallory@example.org")]
    [InlineData("ram@")]
    public async Task A_text_that_is_no_address_is_refused_as_such(string to) =>
        (await Refusal("@example.org", to)).ShouldBe(Undeliverable.InvalidAddress);

    [Theory]
    [InlineData("example.org")]
    [InlineData("@")]
    [InlineData("ram@example.org;sita@example.org")]
    public void A_list_with_an_entry_that_is_neither_address_nor_domain_stops_the_start(string permitted) =>
        Should.Throw<StartupException>(() => new PermittedMail(new Taken(), permitted))
            .Message.ShouldContain("Mail__PermittedReceivers");

    [Theory]
    [InlineData("Development", new[] { Ram })]
    [InlineData("Staging", new[] { Ram })]
    [InlineData("Production", new[] { Ram, Sita })]
    public async Task A_server_asks_the_list_in_every_environment_but_Production(string environment, string[] reached)
    {
        var database = await cluster.NewDatabase();
        await using var owner = Database.OpenUnpooled(database.Owner, "tests");
        await using var mail = await MailServer.Start();
        await using var server = await TestServer.Start(database, "--environment=" + environment,
            "--Mail:Host=127.0.0.1", $"--Mail:Port={mail.Port}", "--Mail:Tls=none", "--Mail:PermittedReceivers=" + Ram);
        var outbox = new Outbox(owner, new SecretEncryption(Convert.FromBase64String(TestServer.KeyEncryptionKey)));
        await outbox.Add(Ram);
        var other = await outbox.Add(Sita);
        await Outbox.AllTried(owner);
        mail.Letters.Select(letter => letter.To.ToString()).Order(StringComparer.Ordinal).ShouldBe(reached);
        (await outbox.Find(other))?.ParkedBecause
            .ShouldBe(environment == "Production" ? null : "receiver_not_permitted");
    }
}

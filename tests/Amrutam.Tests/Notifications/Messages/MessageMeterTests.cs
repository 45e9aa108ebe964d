using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Notifications.Messages;

/// <summary>The metrics of messages: outcomes, reasons, and the age of the oldest due one.</summary>
public sealed class MessageMeterTests(TestCluster cluster)
{
    const int Later = 60;

    const string Age = "amrutam_messages_oldest_due_seconds{}";

    static string Booked(string outcome) => "amrutam_messages_total{amrutam_message_channel=\"email\","
        + $"amrutam_message_kind=\"booked\",outcome=\"{outcome}\"}}";

    static string Unsent(string reason) => $"amrutam_messages_unsent_total{{amrutam_message_reason=\"{reason}\"}}";

    static async Task<TestUser> Book(TestServer server)
    {
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        await server.Owner.Statement("update identity.users set email_confirmed = true where id = $1")
            .With(patient.Id).Execute();
        (await patient.Book(await doctor.Slot(Later))).Is(201);
        return patient;
    }

    static Task Counts(TestServer server, string series) =>
        Until(async () => Metrics.Of(await server.Scrape(), series) is 1);

    [Fact]
    public async Task Messages_are_counted_by_kind_channel_and_outcome_and_drops_by_reason()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase());
        await Book(server);
        await Counts(server, Booked("sent"));
        (await server.Reading(Age)).ShouldBe(0);
        await server.Owner.Statement("""
            update notifications.messages set due_at = now(), useless_after = now()
             where state = 'due' and kind = 'reminder_hour'
            """).Execute();
        await Counts(server, Unsent("too_late"));
        Metrics.Of(await server.Scrape(), Booked("sent")).ShouldBe(1);
    }

    [Fact]
    public async Task A_message_whose_receiver_is_not_permitted_fails_and_is_counted_so()
    {
        await using var mail = await MailServer.Start();
        await using var server = await TestServer.Start(await cluster.NewDatabase(), "--Mail:Host=127.0.0.1",
            $"--Mail:Port={mail.Port}", "--Mail:Tls=none");
        await Book(server);
        await Counts(server, Unsent("receiver_not_permitted"));
        Metrics.Of(await server.Scrape(), Booked("failed")).ShouldBe(1);
        mail.Letters.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_postponed_message_is_as_old_as_its_first_due_instant()
    {
        await using var refusing = new ScriptedMailServer(("EHLO", "451 later"), ("HELO", "451 later"));
        await using var server = await TestServer.Start(await cluster.NewDatabase(), "--Mail:Host=127.0.0.1",
            $"--Mail:Port={refusing.Port}", "--Mail:Tls=none", "--Mail:PermittedReceivers=@example.org");
        await Book(server);
        await Counts(server, Booked("postponed"));
        (await server.Reading(Age)).ShouldBeInRange(0, 600);
        // Once more, from an attempt that was due 20 minutes ago.
        await server.Owner.Statement("""
            update notifications.messages set due_at = now(), first_due_at = first_due_at - interval '20 minutes'
             where state = 'due' and kind = 'booked'
            """).Execute();
        await Until(async () => Metrics.Of(await server.Scrape(), Booked("postponed")) is 2);
        (await server.Reading(Age)).ShouldBeInRange(1200, 1800);
    }
}

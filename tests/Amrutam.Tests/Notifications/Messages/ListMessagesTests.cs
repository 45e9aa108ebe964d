using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Notifications.Messages;

/// <summary>The list of the clinic's messages by state, for admins.</summary>
public sealed class ListMessagesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const int Later = 60;

    TestServer Server => fixture.Server;

    /// <summary>A patient with a visit, whose message about it was sent, and whose reminders are due.</summary>
    async Task<TestUser> Booked()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        await Server.Owner.Statement("update identity.users set email_confirmed = true where id = $1")
            .With(patient.Id).Execute();
        (await patient.Book(await doctor.Slot(Later))).Is(201);
        await Until(async () => await Server.Owner.Statement("""
            select count(*) from notifications.messages where account_id = $1 and state = 'sent'
            """).With(patient.Id).One(row => row.GetInt64(0)) == 1);
        return patient;
    }

    Task Refuse(TestUser patient, string kind) => Server.Owner.Statement("""
        update notifications.messages
           set state = 'failed', reason = 'recipient_refused', attempts = 1, ended_at = now()
         where account_id = $1 and kind = $2
        """).With(patient.Id).With(kind).Execute();

    [Fact]
    public async Task Admins_list_the_messages_in_a_state_with_the_reason()
    {
        var (admin, patient) = (await Server.User("admin"), await Booked());
        await Refuse(patient, "reminder_day");
        await Refuse(patient, "reminder_hour");
        var first = (await admin.Http.Get("/api/admin/messages?limit=1")).Is(200);
        var rest = (await admin.Http.Get(
            "/api/admin/messages?limit=1&cursor=" + Uri.EscapeDataString(first["next_cursor"]))).Is(200);
        first.All("kind").Concat(rest.All("kind")).Order(StringComparer.Ordinal)
            .ShouldBe(["reminder_day", "reminder_hour"]);
        first.All("state").Concat(rest.All("state")).Distinct().ShouldBe(["failed"]);
        first.All("reason").Concat(rest.All("reason")).Distinct().ShouldBe(["recipient_refused"]);
        first.All("account_id").ShouldBe([patient.Id.ToString()]);
        var sent = (await admin.Http.Get("/api/admin/messages?state=sent")).Is(200);
        sent.All("state").Distinct().ShouldBe(["sent"]);
        sent.All("account_id").ShouldContain(patient.Id.ToString());
        (await admin.Http.Get("/api/admin/messages?state=lost")).Is(422);
    }

    [Fact]
    public async Task The_person_sees_that_an_admin_looked_at_their_messages_and_no_answer_has_an_address()
    {
        var (admin, patient) = (await Server.User("admin"), await Booked());
        var sent = (await admin.Http.Get("/api/admin/messages?state=sent&limit=100")).Is(200);
        sent.All("account_id").ShouldContain(patient.Id.ToString());
        sent.Text.ShouldNotContain("@");
        (await patient.Http.Get("/api/me/access-log")).Is(200).All("action").ShouldBe(["messages.read"]);
    }
}

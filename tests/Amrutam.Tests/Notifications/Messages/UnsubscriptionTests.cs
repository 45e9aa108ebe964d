using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using MimeKit;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Notifications.Messages;

/// <summary>The link in a reminder that turns reminders off without sign-in.</summary>
public sealed class UnsubscriptionTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    // A day and more after the first slot of the tests, at noon in India. So the reminder is ahead.
    const int Later = 60;

    TestServer Server => fixture.Server;

    /// <summary>A patient with a visit, and the letters of its booking and of its reminder.</summary>
    async Task<(TestUser Patient, MimeMessage Booked, MimeMessage Reminder)> Reminded()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        await Server.Owner.Statement("update identity.users set email_confirmed = true where id = $1")
            .With(patient.Id).Execute();
        (await patient.Book(await doctor.Slot(Later))).Is(201);
        var booked = (await Letters(patient, 1)).Single();
        await Server.Owner.Statement("""
            update notifications.messages set due_at = now() where account_id = $1 and kind = 'reminder_day'
            """).With(patient.Id).Execute();
        return (patient, booked, (await Letters(patient, 2)).Single(l => l.MessageId != booked.MessageId));
    }

    static Task<List<MimeMessage>> Letters(TestUser to, int count) => First(
        () => Task.FromResult(Mailbox.All().Where(l => l.IsTo(to.Id + "@example.org")).ToList()),
        letters => letters.Count >= count);

    static string Link(MimeMessage letter) =>
        new Uri(letter.Headers[HeaderId.ListUnsubscribe]!.Trim('<', '>')).PathAndQuery;

    static async Task<int> Channels(TestUser user) =>
        (await user.Http.Get("/api/me/notifications")).Is(200).Body.GetProperty("reminders").GetArrayLength();

    async Task<int> Send(HttpMethod method, string link, bool oneClick = false)
    {
        using var request = new HttpRequestMessage(method, link);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", "https");
        if (oneClick) request.Content = new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]);
        using var answer = await Server.Anonymous().SendAsync(request);
        return (int)answer.StatusCode;
    }

    [Fact]
    public async Task A_program_turns_reminders_off_with_one_click_and_twice_is_once()
    {
        var (patient, _, reminder) = await Reminded();
        (await Channels(patient)).ShouldBe(1);
        (await Send(HttpMethod.Post, Link(reminder), oneClick: true)).ShouldBe(200);
        (await Send(HttpMethod.Post, Link(reminder))).ShouldBe(200);
        (await Channels(patient)).ShouldBe(0);
        (await Server.Owner.Statement("""
            select count(*) from audit.events where entity_id = $1 and action = 'message_preferences.changed'
            """).With(patient.Id).One(row => row.GetInt64(0))).ShouldBe(1);
    }

    [Fact]
    public async Task Opening_the_link_changes_nothing()
    {
        var (patient, _, reminder) = await Reminded();
        (await Send(HttpMethod.Get, Link(reminder))).ShouldBe(200);
        await Send(HttpMethod.Head, Link(reminder));
        (await Channels(patient)).ShouldBe(1);
    }

    [Fact]
    public async Task A_change_of_a_visit_cannot_be_turned_off()
    {
        var (_, booked, reminder) = await Reminded();
        reminder.Headers[HeaderId.ListUnsubscribePost].ShouldBe("List-Unsubscribe=One-Click");
        booked.Headers[HeaderId.ListUnsubscribe].ShouldBeNull();
        booked.Headers[HeaderId.ListUnsubscribePost].ShouldBeNull();
    }

    [Theory]
    [InlineData("!")]
    [InlineData("AAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_token_that_this_server_did_not_make_does_nothing(string token)
    {
        (await Send(HttpMethod.Get, "/unsubscribe/" + token)).ShouldBe(404);
        (await Send(HttpMethod.Post, "/unsubscribe/" + token, oneClick: true)).ShouldBe(404);
    }
}

using System.Text;
using Amrutam.Notifications.Messages;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Tests.Notifications.Calendars;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using MimeKit;
using NodaTime;
using static Amrutam.Tests.Support.Waiting;
using IcalCalendar = Ical.Net.Calendar;

namespace Amrutam.Tests.Notifications.Messages;

/// <summary>The messages that follow a visit, from its booking to its end.</summary>
public sealed class VisitMessageTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    // A day and more after the first slot of the tests, at noon in India. So both reminders are ahead and by day.
    const int Later = 60;

    TestServer Server => fixture.Server;

    sealed record Row(string Kind, string State, string? Reason);

    /// <summary>A patient whose address is proved.</summary>
    async Task<TestUser> Reachable(string? preferences = null)
    {
        var patient = await Server.User("patient");
        await Server.Owner.Statement("update identity.users set email_confirmed = true where id = $1")
            .With(patient.Id).Execute();
        if (preferences is not null) (await patient.Http.Patch("/api/me/notifications", preferences)).Is(200);
        return patient;
    }

    static string Address(TestUser user) => user.Id + "@example.org";

    async Task<List<Row>> Rows(TestUser user) => await Server.Owner.Statement("""
        select kind, state, reason from notifications.messages where account_id = $1 order by created_at, id
        """).With(user.Id).List(row => new Row(row.GetString(0), row.GetString(1), row.GetStringOrNull(2)));

    async Task<Row> Ended(TestUser user, string kind) => (await First(
        async () => (await Rows(user)).LastOrDefault(r => r.Kind == kind),
        row => row is { State: not "due" }))!;

    static IEnumerable<MimeMessage> Letters(TestUser to) => Mailbox.All().Where(l => l.IsTo(Address(to)));

    /// <summary>The letters in the order of their sequence numbers.</summary>
    static async Task<List<MimeMessage>> Letters(TestUser to, int count) =>
        [.. (await First(() => Task.FromResult(Letters(to).ToList()), l => l.Count >= count))
            .OrderBy(l => IcalCalendar.Load(CalendarOf(l).Text)!.Events[0]!.Sequence)];

    /// <summary>The part that calendars act on, and its method.</summary>
    static (string Text, string? Method) CalendarOf(MimeMessage letter)
    {
        var part = letter.BodyParts.OfType<TextPart>().Single(p => p.ContentType.IsMimeType("text", "calendar"));
        // The bytes as they came: the library's own text has other line ends.
        using var bytes = new MemoryStream();
        part.Content!.DecodeTo(bytes);
        return (Encoding.UTF8.GetString(bytes.ToArray()), part.ContentType.Parameters["method"]);
    }

    [Fact]
    public async Task A_visit_that_is_booked_moved_twice_and_cancelled_is_one_entry_of_the_calendar()
    {
        var (doctor, patient) = (await Server.Doctor(), await Reachable());
        var booking = (await patient.Book(await doctor.Slot(Later))).Is(201).Id;
        (await Ended(patient, "booked")).ShouldBe(new("booked", "sent", null));
        foreach (var number in new[] { 2, 3 })
        {
            (await patient.Http.Post($"/api/bookings/{booking}/move",
                new { slot_id = await doctor.Slot(Later + number) })).Is(200);
            await Letters(patient, number);
        }
        (await patient.Http.Post($"/api/bookings/{booking}/cancellation", new { })).Is(200);
        var letters = await Letters(patient, 4);
        letters.Select(l => CalendarOf(l).Method).ShouldBe(["REQUEST", "REQUEST", "REQUEST", "CANCEL"]);
        var events = letters.ConvertAll(l => IcalCalendar.Load(CalendarOf(l).Text)!);
        events.Select(e => e.Method).ShouldBe(["REQUEST", "REQUEST", "REQUEST", "CANCEL"]);
        events.Select(e => e.Events[0]!.Sequence).ShouldBe([0, 1, 2, 3]);
        events.Select(e => e.Events[0]!.Uid).Distinct().ShouldBe([booking.ToString()]);
        events.Select(e => e.Events[0]!.Status).ShouldBe(["CONFIRMED", "CONFIRMED", "CONFIRMED", "CANCELLED"]);
        events.ShouldAllBe(e => e.Events[0]!.Attendees.Single().Value!.ToString() == "mailto:" + Address(patient));
        letters.Select(l => l.MessageId).Distinct().Count().ShouldBe(4);
        foreach (var letter in letters)
        {
            CalendarBytes.Violations(Encoding.UTF8.GetBytes(CalendarOf(letter).Text), "ATTENDEE").ShouldBeEmpty();
            letter.BodyParts.OfType<MimePart>().Single(p => p.IsAttachment).FileName.ShouldBe("visit.ics");
            letter.Subject!.ShouldNotContain("doctor");
            letter.TextBody!.ShouldContain("Test doctor");
            letter.TextBody!.ShouldContain("(Asia/Kolkata)");
        }
        // The reminders of each time are dropped when they are due, and none is sent.
        await Server.Owner.Statement("""
            update notifications.messages set due_at = now() where account_id = $1 and state = 'due'
            """).With(patient.Id).Execute();
        await Until(async () => (await Rows(patient)).All(r => r.State != "due"));
        (await Rows(patient)).Where(r => r.Kind.StartsWith("reminder", StringComparison.Ordinal))
            .ShouldAllBe(r => r.Reason == "visit_has_changed");
        Letters(patient).Count().ShouldBe(4);
    }

    [Fact]
    public async Task A_message_is_in_the_readers_language_and_zone_with_the_doctors_time()
    {
        var (doctor, patient) = (await Server.Doctor(), await Reachable("""
            { "language": "hi", "time_zone": "America/New_York" }
            """));
        (await patient.Book(await doctor.Slot(Later))).Is(201);
        var letter = (await Letters(patient, 1)).Single();
        letter.Subject!.ShouldContain("अपॉइंटमेंट");
        letter.TextBody!.ShouldContain("(America/New_York)");
        letter.TextBody!.ShouldContain("डॉक्टर के यहाँ:");
        letter.TextBody!.ShouldContain("(Asia/Kolkata)");
    }

    [Fact]
    public async Task An_address_that_nobody_proved_gets_no_message()
    {
        var (doctor, stranger, reachable) = (await Server.Doctor(), await Server.User("patient"), await Reachable());
        (await stranger.Book(await doctor.Slot(Later))).Is(201);
        (await reachable.Book(await doctor.Slot(Later + 1))).Is(201);
        // Events are read in order, so the later one shows that the earlier one was read.
        await Ended(reachable, "booked");
        (await Rows(stranger)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("update scheduling.bookings set status = 'completed', revision = revision + 1 where patient_id = $1",
        "visit_has_changed")]
    [InlineData("""
        update identity.users set suspended_at = now()
         where id = (select doctor_id from scheduling.bookings where patient_id = $1)
        """, "doctor_has_left")]
    [InlineData("update identity.users set suspended_at = now() where id = $1", "no_address")]
    [InlineData("update identity.users set email_confirmed = false where id = $1", "no_address")]
    [InlineData("""
        insert into notifications.preferences (account_id, language, quiet_from, quiet_until, reminders)
        values ($1, 'en', '21:00', '08:00', '{}')
        """, "turned_off")]
    [InlineData("update notifications.messages set useless_after = now() where account_id = $1", "too_late")]
    public async Task A_reminder_is_checked_again_when_it_is_due(string change, string reason)
    {
        var (doctor, patient) = (await Server.Doctor(), await Reachable());
        (await patient.Book(await doctor.Slot(Later))).Is(201);
        await Ended(patient, "booked");
        await Server.Owner.Statement(change).With(patient.Id).Execute();
        await Server.Owner.Statement("""
            update notifications.messages set due_at = now() where account_id = $1 and state = 'due'
            """).With(patient.Id).Execute();
        (await Ended(patient, "reminder_day")).ShouldBe(new("reminder_day", "dropped", reason));
        Letters(patient).Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_reminder_of_a_visit_that_stands_is_sent()
    {
        var (doctor, patient) = (await Server.Doctor(), await Reachable());
        (await patient.Book(await doctor.Slot(Later))).Is(201);
        await Ended(patient, "booked");
        await Server.Owner.Statement("""
            update notifications.messages set due_at = now() where account_id = $1 and kind = 'reminder_day'
            """).With(patient.Id).Execute();
        (await Ended(patient, "reminder_day")).State.ShouldBe("sent");
        var letter = await First(() => Task.FromResult(Letters(patient).ToList()), l => l.Count == 2);
        letter.ShouldContain(l => l.Subject!.StartsWith("Reminder", StringComparison.Ordinal) && l.Body is TextPart);
    }

    [Fact]
    public async Task An_event_that_is_read_twice_makes_one_message()
    {
        var (doctor, patient) = (await Server.Doctor(), await Reachable());
        (await patient.Book(await doctor.Slot(Later))).Is(201);
        await Ended(patient, "booked");
        var before = await Rows(patient);
        var reader = Server.App.Services.GetRequiredService<PlanMessages>();
        var events = await Server.Owner.Statement("""
            select e.position, e.at, e.action, e.entity_id from audit.events e
              join scheduling.bookings b on b.id = e.entity_id where b.patient_id = $1
            """).With(patient.Id).List(row => new Event(row.GetInt64(0), row.GetInstant(1), row.GetString(2),
            row.GetGuid(3), null));
        await Server.Owner.InTransaction(async connection =>
        {
            await reader.Apply(connection, events);
            return true;
        });
        (await Rows(patient)).ShouldBe(before);
    }

    [Fact]
    public async Task An_old_event_is_no_news()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(Later))).Is(201).Id;
        await Server.Owner.Statement("update identity.users set email_confirmed = true where id = $1")
            .With(patient.Id).Execute();
        var old = SystemClock.Instance.GetCurrentInstant() - Duration.FromHours(25);
        await Server.Owner.InTransaction(async connection =>
        {
            await Server.App.Services.GetRequiredService<PlanMessages>()
                .Apply(connection, [new Event(long.MaxValue, old, "bookings.booked", booking, null)]);
            return true;
        });
        (await Rows(patient)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_history_shows_what_was_sent_and_what_was_not()
    {
        var (doctor, patient) = (await Server.Doctor(), await Reachable());
        var booking = (await patient.Book(await doctor.Slot(Later))).Is(201).Id;
        await Ended(patient, "booked");
        var first = (await patient.Http.Get("/api/me/notifications/history?limit=2")).Is(200);
        var rest = (await patient.Http.Get(
            "/api/me/notifications/history?limit=2&cursor=" + Uri.EscapeDataString(first["next_cursor"]))).Is(200);
        first.All("kind").Concat(rest.All("kind")).Order(StringComparer.Ordinal)
            .ShouldBe(["booked", "reminder_day", "reminder_hour"]);
        first.All("booking_id").ShouldAllBe(id => id == booking.ToString());
        (await (await Reachable()).Http.Get("/api/me/notifications/history")).Is(200).Items.ShouldBeEmpty();
    }
}

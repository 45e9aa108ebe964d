using Amrutam.Notifications.Messages;
using NodaTime;

namespace Amrutam.Tests.Notifications.Messages;

/// <summary>The hours in which no reminder comes.</summary>
public sealed class QuietHoursTests
{
    // From the evening to the morning, and two hours more where the clocks go back by two (Antarctica/Troll).
    static readonly Duration Night = Duration.FromHours(11) + Duration.FromHours(2);

    static readonly LocalTime Evening = new(21, 0), Morning = new(8, 0);

    static Instant At(string zone, int day, int hour, int minute = 0) =>
        new LocalDateTime(2026, 6, day, hour, minute).InZoneStrictly(DateTimeZoneProviders.Tzdb[zone]).ToInstant();

    [Theory]
    [InlineData(7, 59, 1, 21)]
    [InlineData(0, 0, 1, 21)]
    [InlineData(8, 0, 2, 8)]
    [InlineData(20, 59, 2, 20)]
    [InlineData(21, 0, 2, 21)]
    [InlineData(23, 30, 2, 21)]
    public void A_reminder_moves_to_the_begin_of_the_quiet_hours(int hour, int minute, int day, int sentHour)
    {
        var quiet = new QuietHours(Evening, Morning, DateTimeZoneProviders.Tzdb["Asia/Kolkata"]);
        var sent = quiet.Before(At("Asia/Kolkata", 2, hour, minute)).InZone(quiet.Zone);
        (sent.Day, sent.Hour).ShouldBe((day, sentHour));
    }

    [Fact]
    public void Quiet_hours_may_lie_within_a_day_and_equal_times_are_none()
    {
        var zone = DateTimeZoneProviders.Tzdb["Asia/Kolkata"];
        new QuietHours(new(13, 0), new(15, 0), zone).Before(At("Asia/Kolkata", 2, 14)).ShouldBe(
            At("Asia/Kolkata", 2, 13));
        new QuietHours(new(13, 0), new(13, 0), zone).Before(At("Asia/Kolkata", 2, 13)).ShouldBe(
            At("Asia/Kolkata", 2, 13));
    }

    /// <summary>Around every clock change of 2026 in every zone. A reminder is never later than it was due, and at most
    /// a night earlier. Outside the quiet hours it comes exactly when it was due.</summary>
    [Fact]
    public void A_reminder_is_due_at_the_right_instant_across_every_clock_change_of_2026()
    {
        var (begin, end, changes) = (Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2027, 1, 1, 0, 0), 0);
        foreach (var zone in DateTimeZoneProviders.Tzdb.Ids.Select(id => DateTimeZoneProviders.Tzdb[id]))
            foreach (var change in zone.GetZoneIntervals(begin, end).Where(i => i.HasStart && i.Start > begin))
            {
                changes++;
                var quiet = new QuietHours(Evening, Morning, zone);
                for (var at = change.Start - Duration.FromHours(26); at < change.Start + Duration.FromHours(26);
                    at += Duration.FromMinutes(30))
                {
                    var (sent, local) = (quiet.Before(at), at.InZone(zone).TimeOfDay);
                    var where = $"{zone.Id} {at.InZone(zone)}";
                    sent.ShouldBeLessThanOrEqualTo(at, where);
                    (at - sent).ShouldBeLessThan(Night, where);
                    if (local >= Morning && local < Evening) sent.ShouldBe(at, where);
                    else sent.InZone(zone).TimeOfDay.ShouldBe(Evening, where);
                }
            }
        changes.ShouldBeGreaterThan(200);
    }

    [Fact]
    public void A_visit_that_is_near_has_no_reminder_of_the_day_before()
    {
        var quiet = new QuietHours(new(0, 0), new(0, 0), DateTimeZone.Utc);
        var now = At("UTC", 2, 12);
        Kinds(Duration.FromHours(25)).ShouldBe([MessageKind.Booked, MessageKind.ReminderDay, MessageKind.ReminderHour]);
        Kinds(Duration.FromHours(24)).ShouldBe([MessageKind.Booked, MessageKind.ReminderHour]);
        Kinds(Duration.FromMinutes(30)).ShouldBe([MessageKind.Booked]);
        MessageKind.Plan(MessageKind.Cancelled, now, now, quiet).Select(m => m.Kind).ShouldBe([MessageKind.Cancelled]);

        IEnumerable<string> Kinds(Duration ahead) =>
            MessageKind.Plan(MessageKind.Booked, now, now + ahead, quiet).Select(m => m.Kind);
    }
}

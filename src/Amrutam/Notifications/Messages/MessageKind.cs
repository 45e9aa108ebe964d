using NodaTime;

namespace Amrutam.Notifications.Messages;

/// <summary>The kinds of messages about a visit: the events that cause them, and the time within which they are of
/// use.</summary>
static class MessageKind
{
    public const string Requested = "requested", Booked = "booked", Moved = "moved", Cancelled = "cancelled",
        Declined = "declined", Expired = "expired", NoShow = "no_show", ReminderDay = "reminder_day",
        ReminderHour = "reminder_hour";

    public static readonly string[] All = [Requested, Booked, Moved, Cancelled, Declined, Expired, NoShow, ReminderDay,
        ReminderHour];

    static readonly Duration DayBefore = Duration.FromHours(24), HourBefore = Duration.FromHours(1);

    // A reminder of tomorrow's visit is no longer one when the visit is near.
    static readonly Duration LatestForTheDay = Duration.FromHours(3);

    // News of a visit that does not take place is worth knowing for a while.
    static readonly Duration OfUse = Duration.FromDays(2);

    /// <summary>A message to write: its kind, and the first and the last instant to send it.</summary>
    public sealed record Planned(string Kind, Instant DueAt, Instant UselessAfter);

    /// <returns>The kind that an event causes; null for none.</returns>
    public static string? Of(string action) => action switch
    {
        "bookings.requested" => Requested,
        "bookings.booked" or "bookings.accepted" => Booked,
        "bookings.moved" => Moved,
        "bookings.cancelled" => Cancelled,
        "bookings.declined" => Declined,
        "bookings.expired" => Expired,
        "bookings.no_show" => NoShow,
        _ => null,
    };

    public static bool IsReminder(string kind) => kind is ReminderDay or ReminderHour;

    /// <summary>True if the message says that the visit takes place, and has an invitation.</summary>
    public static bool Invites(string kind) => kind is Requested or Booked or Moved;

    /// <summary>True if the message says that the visit does not take place, and withdraws the invitation.</summary>
    public static bool Withdraws(string kind) => kind is Cancelled or Declined or Expired;

    /// <summary>The messages that an event causes: the news of it at once, and reminders where the visit is
    /// certain.</summary>
    public static IEnumerable<Planned> Plan(string kind, Instant now, Instant startsAt, QuietHours quiet)
    {
        yield return new(kind, now, Invites(kind) ? startsAt : now + OfUse);
        if (kind is not (Booked or Moved)) yield break;
        if (quiet.Before(startsAt - DayBefore) is var day && day > now)
            yield return new(ReminderDay, day, startsAt - LatestForTheDay);
        if (quiet.Before(startsAt - HourBefore) is var hour && hour > now)
            yield return new(ReminderHour, hour, startsAt);
    }
}

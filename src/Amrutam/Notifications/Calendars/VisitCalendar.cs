using Amrutam.Notifications.Contracts;
using Amrutam.Notifications.Mail;

namespace Amrutam.Notifications.Calendars;

/// <summary>Writes visits as an iCalendar object (RFC 5545), with the method of its way to the reader (RFC
/// 5546).</summary>
/// <remarks>Equal visits give equal bytes: the stamp of an event is the time of its last change. So a feed's ETag
/// changes only with its visits.</remarks>
sealed class VisitCalendar(Sender sender)
{
    public const string PublishedType = "text/calendar; charset=utf-8; method=PUBLISH";

    // A subscribed program asks again after this time. A clinic's day rarely changes faster.
    const string PollInterval = "PT1H";

    const string NoDetail = "Appointment";

    /// <summary>One visit, to be imported into a calendar.</summary>
    public byte[] OfVisit(CalendarVisit visit)
    {
        var text = Begin("PUBLISH");
        Write(text, visit);
        return End(text);
    }

    /// <summary>One visit in a letter.</summary>
    /// <param name="method">REQUEST for a visit that takes place, CANCEL for one that does not.</param>
    /// <param name="receiver">The receiver's address.</param>
    public byte[] OfMessage(CalendarVisit visit, string method, string receiver)
    {
        var text = Begin(method);
        Write(text, visit, Mailboxes.Parse(receiver)?.Uri());
        return End(text);
    }

    /// <summary>Visits that a calendar program subscribes to.</summary>
    public byte[] OfFeed(IEnumerable<CalendarVisit> visits)
    {
        var text = Begin("PUBLISH").Text("NAME", sender.Name).Text("X-WR-CALNAME", sender.Name)
            .Line("REFRESH-INTERVAL;VALUE=DURATION", PollInterval).Line("X-PUBLISHED-TTL", PollInterval);
        foreach (var visit in visits) Write(text, visit);
        return End(text);
    }

    static CalendarWriter Begin(string method) => new CalendarWriter().Line("BEGIN", "VCALENDAR").Line("VERSION", "2.0")
        .Line("PRODID", "-//Amrutam//Visits//EN").Line("CALSCALE", "GREGORIAN").Line("METHOD", method);

    static byte[] End(CalendarWriter text) => text.Line("END", "VCALENDAR").Written;

    /// <param name="attendee">The receiver of an invitation, or null.</param>
    void Write(CalendarWriter text, CalendarVisit visit, string? attendee = null)
    {
        text.Line("BEGIN", "VEVENT").Line("UID", visit.Id.ToString()).Line("SEQUENCE", visit.Revision)
            .Line("DTSTAMP", visit.ChangedAt).Line("CREATED", visit.BookedAt).Line("LAST-MODIFIED", visit.ChangedAt)
            .Line("DTSTART", visit.StartsAt).Line("DTEND", visit.EndsAt)
            .Text("SUMMARY", visit.Doctor is null ? NoDetail : "Visit with " + visit.Doctor);
        if (visit.Specialization is { } specialization) text.Text("DESCRIPTION", specialization);
        text.Line("STATUS", Status(visit)).Line("TRANSP", visit.Active ? "OPAQUE" : "TRANSPARENT")
            .Line("CLASS", "PRIVATE").Line("ORGANIZER;CN=" + CalendarWriter.Quoted(sender.Name), sender.Uri);
        // The visit is agreed already, so no program asks the receiver to accept it.
        if (attendee is not null) text.Line("ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE", attendee);
        text.Line("END", "VEVENT");
    }

    static string Status(CalendarVisit visit) => !visit.Active ? "CANCELLED"
        : visit.Status == "requested" ? "TENTATIVE" : "CONFIRMED";
}

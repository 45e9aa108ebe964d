using Amrutam.Notifications.Mail;

namespace Amrutam.Notifications.Calendars;

/// <summary>Writes visits as an iCalendar object that is published (RFC 5546, METHOD PUBLISH).</summary>
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
        var text = Begin();
        Write(text, visit);
        return End(text);
    }

    /// <summary>Visits that a calendar program subscribes to.</summary>
    public byte[] OfFeed(IEnumerable<CalendarVisit> visits)
    {
        var text = Begin().Text("NAME", sender.Name).Text("X-WR-CALNAME", sender.Name)
            .Line("REFRESH-INTERVAL;VALUE=DURATION", PollInterval).Line("X-PUBLISHED-TTL", PollInterval);
        foreach (var visit in visits) Write(text, visit);
        return End(text);
    }

    static CalendarWriter Begin() => new CalendarWriter().Line("BEGIN", "VCALENDAR").Line("VERSION", "2.0")
        .Line("PRODID", "-//Amrutam//Visits//EN").Line("CALSCALE", "GREGORIAN").Line("METHOD", "PUBLISH");

    static byte[] End(CalendarWriter text) => text.Line("END", "VCALENDAR").Written;

    void Write(CalendarWriter text, CalendarVisit visit)
    {
        text.Line("BEGIN", "VEVENT").Line("UID", visit.Id.ToString()).Line("SEQUENCE", visit.Revision)
            .Line("DTSTAMP", visit.ChangedAt).Line("CREATED", visit.BookedAt).Line("LAST-MODIFIED", visit.ChangedAt)
            .Line("DTSTART", visit.StartsAt).Line("DTEND", visit.EndsAt)
            .Text("SUMMARY", visit.Doctor is null ? NoDetail : "Visit with " + visit.Doctor);
        if (visit.Specialization is { } specialization) text.Text("DESCRIPTION", specialization);
        text.Line("STATUS", Status(visit)).Line("TRANSP", visit.Active ? "OPAQUE" : "TRANSPARENT")
            .Line("CLASS", "PRIVATE").Line("ORGANIZER;CN=" + CalendarWriter.Quoted(sender.Name), sender.Uri)
            .Line("END", "VEVENT");
    }

    static string Status(CalendarVisit visit) => !visit.Active ? "CANCELLED"
        : visit.Status == "requested" ? "TENTATIVE" : "CONFIRMED";
}

using Amrutam.Notifications.Calendars;
using NodaTime;

namespace Amrutam.Notifications.Messages;

/// <summary>The facts that a message's text is written from.</summary>
/// <param name="Language">en or hi.</param>
/// <param name="Zone">The zone of the reader's wall clock.</param>
/// <param name="DoctorsZone">The zone of the doctor's.</param>
/// <param name="ByPatient">True if the patient's side cancelled the visit.</param>
sealed record VisitNews(CalendarVisit Visit, string Language, DateTimeZone Zone, DateTimeZone DoctorsZone,
    bool ByPatient);

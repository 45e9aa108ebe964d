using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Notifications.Calendars;

/// <summary>Downloads one visit as a calendar file, for its patient and its doctor; 404 for anybody else.</summary>
/// <remarks>The doctor's file does not name the patient, because it leaves the clinic. A doctor who had the visit
/// before it was moved to another doctor gets it as cancelled.</remarks>
static class DownloadVisit
{
    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapGet("/{id:guid}/calendar.ics", Handle).RequireAuthorization(Allow.PatientOrDoctor)
            .WithSummary("Download a booking as a calendar file")
            .WithDescription("An iCalendar file (RFC 5545). Its `UID` is the booking's id and its `SEQUENCE` the "
                + "booking's revision, so a later file replaces an earlier one in a calendar.")
            .Produces<string>(StatusCodes.Status200OK, "text/calendar").WithProblems(CommonProblems.Absent);

    static async Task<Results<FileContentHttpResult, ProblemHttpResult>> Handle(Guid id, CurrentUser user,
        VisitCalendar calendar, NpgsqlDataSource db, CancellationToken ct) =>
        await db.Statement(Select).With(id).With(user.Id).One(CalendarVisit.Read, ct) is { } visit
            ? TypedResults.Bytes(calendar.OfVisit(visit), VisitCalendar.PublishedType, "visit.ics")
            : CommonProblems.NotFound();

    const string Select = $"""
        select {CalendarVisit.Columns},
               case when v.patient_id = $2 then d.full_name end, case when v.patient_id = $2 then d.specialization end
          from scheduling.visits v
          left join doctors.practitioners d on d.id = v.doctor_id
         where v.id = $1 and (v.doctor_id = $2 or (v.patient_id = $2 and not v.moved_away))
         order by v.revision desc limit 1
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Reads one booking, by the accounts that have its patient or by its doctor, with its revision as the ETag;
/// 404 for anybody else.</summary>
/// <remarks>A doctor whose visit was moved to another doctor reads the record of it, the latest one.</remarks>
static class ReadBooking
{
    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapGet("/{id:guid}", Handle).RequireAuthorization(Allow.PatientOrDoctor)
            .WithSummary("Read a booking")
            .WithDescription("For its patient, and for its doctor with the patient. A doctor who had it before "
                + "reads that it was moved.")
            .WithETag().RecordsAccess<Booking>("bookings.read", "booking", b => [new(b.PatientId, b.Id)])
            .Example(Examples.Confirmed).WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<Booking>, ProblemHttpResult>> Handle(Guid id, CurrentUser user, HttpResponse response,
        NpgsqlDataSource db, CancellationToken ct)
    {
        Func<NpgsqlDataReader, Booking> read = user.Role == Allow.Doctor ? Booking.ReadWithPatient : Booking.Read;
        if ((await db.Statement(Select).With(id).With(user.Id).With(user.Role == Allow.Patient).One(read, ct)
            ?? await db.Statement(SelectMovedAway).With(id).With(user.Id).One(Booking.Read, ct)) is not { } booking)
            return CommonProblems.NotFound();
        response.Headers.ETag = IfMatch.Tag(booking.Revision);
        return TypedResults.Ok(booking);
    }

    const string Select =
        "select " + Booking.ColumnsWithPatient + " from scheduling.bookings b " + Booking.People + """

         where b.id = $1
           and (b.patient_id = $2 or b.doctor_id = $2 or ($3 and patients.holds($2, b.patient_id)))
        """;

    const string SelectMovedAway =
        "select " + Booking.Columns + """

          from scheduling.bookings_moved_away b where id = $1 and doctor_id = $2 order by revision desc limit 1
        """;
}

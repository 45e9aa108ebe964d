using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Reserving;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Desk;

/// <summary>Books a slot for a patient, who called or stands at the desk.</summary>
/// <remarks>The rules of every booking hold, and one judgement decides them. The doctor's notice and the limits of a
/// patient's account do not bind the desk.</remarks>
static class BookAtDesk
{
    /// <param name="VisitTypeId">The kind of the visit; the doctor's default kind if not given.</param>
    /// <param name="ExpectedFeeMinor">The price that the patient expects; another one is refused.</param>
    [SchemaName("DeskBookingRequest")]
    public sealed record Request(Guid PatientId, Guid SlotId, string? Reason = null, Guid? VisitTypeId = null,
        int? ExpectedFeeMinor = null);

    public static void Map(RouteGroupBuilder desk) =>
        desk.MapPost("/bookings", Handle).WithSummary("Book a slot for a patient")
            .WithDescription("For a patient whom the desk knows. The event names the patient as `acted_for`.")
            .WithLocation().Example(Examples.BookedAtDesk)
            .Example(new Request(ExampleAccounts.Patient, Examples.SlotId))
            .WithProblems([.. SchedulingProblems.OfBooking, .. SchedulingProblems.OfVisit, CommonProblems.Invalid]);

    static async Task<StoredResponse<Created<Booking>>> Handle(Request request, CurrentUser user, IdempotencyKey key,
        IdempotentTransaction transaction, CheckBookability bookability, Alternatives alternatives)
    {
        var fields = new RequestValidation();
        var reason = fields.Text("reason", request.Reason, BookSlot.MaxReason);
        if (fields.Wrong) return fields.Problem();
        return await transaction.Run<Request, Created<Booking>>(user, key, request, async connection =>
        {
            if (!await connection.Statement(IsKnown).With(request.PatientId).Value<bool>())
                return CommonProblems.NotFound();
            var (refusal, place) = await bookability.CheckVisit(connection, request.SlotId, request.PatientId, user,
                new(request.VisitTypeId, request.ExpectedFeeMinor));
            if (refusal is not null) return await alternatives.AddTo(refusal, request.SlotId, request.VisitTypeId,
                    connection);
            var booked = await InsertBookings.Insert(connection, [place], request.PatientId, user, reason);
            var booking = booked[0];
            return StoredResponse.Created(booking, Booking.Location(booking.Id));
        });
    }

    const string IsKnown = "select exists (select from patients.people where id = $1)";
}

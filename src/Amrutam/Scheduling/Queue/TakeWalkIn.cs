using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Slots;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Queue;

/// <summary>Puts a patient who came without a booking into the doctor's day: into the next free slot of today, else
/// only into the queue. Both get a token.</summary>
/// <remarks>
/// The slot is the first that nobody else is taking at this moment, so a walk-in waits for no booking. It is booked by
/// the rules of every booking. The doctor's notice does not bind the desk, and the doctor's limit of a day does.
/// </remarks>
static class TakeWalkIn
{
    /// <param name="VisitTypeId">The kind of the visit; the doctor's default kind if not given.</param>
    /// <param name="ExpectedFeeMinor">The price that the patient expects; another one is refused.</param>
    [SchemaName("WalkInRequest")]
    public sealed record Request(Guid PatientId, Guid DoctorId, Guid? VisitTypeId = null,
        int? ExpectedFeeMinor = null);

    public static void Map(RouteGroupBuilder desk) =>
        desk.MapPost("/walk-ins", Handle).WithSummary("Take a patient without a booking")
            .WithDescription("Books the doctor's next free slot of today, or queues the patient without a slot.")
            .Example(new Request(ExampleAccounts.Patient, ExampleAccounts.Doctor)).Example(Examples.WalkedIn)
            .WithProblems([.. SchedulingProblems.OfVisit, CommonProblems.Absent, SchedulingProblems.DoctorIsNotBookable,
                SchedulingProblems.NobodyBooksThemself, SchedulingProblems.PatientIsWaiting,
                SchedulingProblems.TooManyWalkIns, IdempotencyProblems.KeyReused]);

    static Task<StoredResponse<Created<QueueEntry>>> Handle(Request request, CurrentUser user, IdempotencyKey key,
        IdempotentTransaction transaction, CheckBookability bookability, SchedulingSettings settings) =>
        transaction.Run<Request, Created<QueueEntry>>(user, key, request, async connection =>
        {
            if (await Refusal(connection, request, settings) is { } refusal) return refusal;
            var day = (await DoctorsDay.Of(connection, request.DoctorId))!;
            var slot = await connection.Statement(LockFreeSlot).With(request.DoctorId).With(request.PatientId)
                .With(day.Until).With(request.VisitTypeId).Value<Guid?>();
            await connection.Statement(CalendarLocks.Patients)
                .With(new[] { PatientLock.Of(request.PatientId) }).Execute();
            if (await connection.Statement(IsWaiting).With(request.DoctorId).With(request.PatientId).With(day.Date)
                .Value<bool>())
                return SchedulingProblems.PatientIsWaiting.Because();
            var (refused, booking) = slot is { } free
                ? await Book(connection, free, request, user, bookability) : default;
            if (refused is not null) return refused;
            return await GiveToken.ToWalkIn(connection, request.PatientId, request.DoctorId, day.Date, booking?.Id,
                user) is { } entry ? StoredResponse.Created(entry) : SchedulingProblems.TooManyWalkIns.Because();
        });

    static async Task<ProblemHttpResult?> Refusal(NpgsqlConnection connection, Request request,
        SchedulingSettings settings) =>
        request.PatientId == request.DoctorId ? SchedulingProblems.NobodyBooksThemself.Because()
        : await connection.Statement(FindPeople).With(request.DoctorId).With(request.PatientId)
            .With(settings.VerifiedDoctorsOnly).With(request.VisitTypeId).With(request.ExpectedFeeMinor)
            .Value<string>() is { } code
            ? code == CommonProblems.Absent.Code ? CommonProblems.NotFound()
                : code == SchedulingProblems.PriceHasChanged.Code
                    ? await CheckBookability.WithPriceOf(connection, request.DoctorId, request.VisitTypeId)
                : SchedulingProblems.Named(code).Because()
        : null;

    /// <returns>A refusal of the kind of visit, or the booking. Neither if the patient may not have the slot after all;
    /// then they wait without one.</returns>
    static async Task<(StoredResponse? Refusal, Booking? Booking)> Book(NpgsqlConnection connection, Guid slot,
        Request request, CurrentUser by, CheckBookability bookability)
    {
        var (refusal, place) = await bookability.CheckVisit(connection, slot, request.PatientId, by,
            new(request.VisitTypeId, request.ExpectedFeeMinor));
        if (refusal is not null)
            return (SchedulingProblems.OfVisit.Any(problem => problem.Code == refusal.Code) ? refusal : null, null);
        return (null, (await InsertBookings.Insert(connection, [place], request.PatientId, by, reason: null))[0]);
    }

    const string FindPeople = """
        select case when not exists (select from patients.people where id = $2)
                      or not exists (select from doctors.practitioners where id = $1) then 'not_found'
                    when not exists (select from doctors.bookable_doctors($3) d where d.id = $1)
                    then 'doctor_is_not_bookable'
                    else (select j.refusal from scheduling.judged_visit(null, $1, statement_timestamp(), $2, false, $4,
                                 $5) j) end
        """;

    const string LockFreeSlot = """
        select s.id
          from scheduling.slots s
         where s.doctor_id = $1 and s.starts_at > statement_timestamp() and s.starts_at < $3
           and scheduling.slot_state(s) = 'open'
           and not exists (select from scheduling.bookings_of_patient_between($2, s.starts_at, s.ends_at))
           and exists (select from scheduling.visit_that_fits(s.id, $1, s.starts_at, s.ends_at, $4, $2, false))
         order by s.starts_at limit 1
           for update of s skip locked
        """;

    const string IsWaiting = """
        select exists (select from scheduling.queue_of($1, $3) q where q.patient_id = $2)
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Slots;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Adds the signed-in patient to a waiting list for a slot. It may be of a doctor, of any doctor of a
/// specialization, or earlier than a booking of theirs.</summary>
/// <remarks>A slot that is free already is offered at once. A booking to be moved earlier is kept until an offer is
/// accepted. A patient joins one line once, or two slots would be held for one purpose.</remarks>
static class JoinWaitlist
{
    /// <param name="BookingId">The booking to move earlier; its doctor and start are the doctor and the end.</param>
    /// <param name="From">The earliest start that suits; now, when not given.</param>
    /// <param name="To">No start at or after this.</param>
    public sealed record Request(Guid? DoctorId = null, string? Specialization = null, Instant? From = null,
        Instant? To = null, Guid? BookingId = null);

    // For a longer wait, nobody would expect the offers any more.
    static readonly Duration LongestRange = Duration.FromDays(180);

    public static void Map(RouteGroupBuilder waitlist) =>
        waitlist.MapPost("", Handle).WithSummary("Join a waiting list")
            .WithDescription("For a doctor, for a specialization, or to move a booking earlier.")
            .WithLocation().Example(Examples.Waiting)
            .WithProblems(CommonProblems.Absent, CommonProblems.Invalid, SchedulingProblems.DoctorIsNotBookable,
                SchedulingProblems.NobodyBooksThemself, SchedulingProblems.TooManyWaitlistEntries,
                SchedulingProblems.AlreadyInThisLine, SchedulingProblems.StepNotAllowed,
                SchedulingProblems.BookingHasStarted, SchedulingProblems.MoveNeedsConfirmation,
                IdempotencyProblems.KeyReused)
            .Example(new Request(Examples.Doctor, From: Examples.Waiting.From, To: Examples.Waiting.To));

    static async Task<StoredResponse<Created<WaitlistEntry>>> Handle(Request request, CurrentUser patient,
        IdempotencyKey key, IdempotentTransaction transaction, OfferSlot offers, FindFreeSlots free,
        SchedulingSettings settings, SchedulingLimits limits)
    {
        var fields = new RequestValidation();
        var specialization = fields.Name("specialization", request.Specialization, BookSlot.MaxSpecialization);
        var isForBooking = request.BookingId is not null;
        bool[] given = [request.DoctorId is not null, specialization is not null, isForBooking];
        fields
            .Refuse(given.Count(g => g) != 1, "doctor_id", "is required, or specialization, or booking_id; only one")
            .Refuse(request.To is null && !isForBooking, "to", "is required")
            .Refuse(request.To is not null && isForBooking, "to", "is given by the booking")
            .Refuse(request is { From: { } from, To: { } to } && to <= from, "to", "must be after from")
            .Refuse(request is { From: { } first, To: { } last } && last - first > LongestRange, "to",
                "must be within 180 days of from");
        if (fields.Wrong) return fields.Problem();
        return await transaction.Run(patient, key, request, async connection =>
        {
            if (request.BookingId is { } id && await Refusal(connection, id, patient) is { } refusal) return refusal;
            // One request at a time counts the patient's entries.
            await connection.Statement(CalendarLocks.Patients).With(new[] { PatientLock.Of(patient.Id) }).Execute();
            var entry = Guid.CreateVersion7();
            var outcome = await connection.Statement(Join).With(entry).With(patient.Id).With(request.DoctorId)
                .With(specialization).With(request.BookingId).With(request.From).With(request.To)
                .With(settings.VerifiedDoctorsOnly).With(limits.WaitlistEntriesPerPatient).With(patient.Trace)
                .Value<string>();
            return outcome switch
            {
                "joined" => await OfferFreeSlots(connection, entry, offers, free),
                "twice" => SchedulingProblems.AlreadyInThisLine.Because(),
                "too_many" => SchedulingProblems.TooManyWaitlistEntries.Because(),
                "past" => CommonProblems.Field("to", "must be in the future"),
                { } code => SchedulingProblems.Named(code).Because(),
                null => throw new InvalidOperationException("The statement always has an outcome."),
            };
        });
    }

    /// <summary>Locks the booking.</summary>
    /// <returns>The problem with moving it earlier, or null.</returns>
    static async Task<ProblemHttpResult?> Refusal(NpgsqlConnection connection, Guid id, CurrentUser patient)
    {
        // An entry waits for the account's own patient: offers are judged by that patient's time.
        if (await ChangeBooking.Lock(connection, id, patient) is not { Booking: var booking } present
            || booking.PatientId != patient.Id)
            return CommonProblems.NotFound();
        if (LifeCycle.Refusal(booking.Status, BookingAction.Move, booking.StartsAt, present.Now) is { } refusal)
            return refusal;
        return await connection.Statement(ConfirmsByHand).With(booking.DoctorId).Value<bool>()
            ? SchedulingProblems.MoveNeedsConfirmation.Because() : null;
    }

    static async Task<StoredResponse<Created<WaitlistEntry>>> OfferFreeSlots(NpgsqlConnection connection, Guid entry,
        OfferSlot offers, FindFreeSlots free)
    {
        foreach (var slot in await free.For(connection, entry))
            await offers.ToFirstInLine(connection, slot, null);
        var joined = await ChangeEntry.Read(connection, entry);
        return StoredResponse.Created(joined!, "/api/waitlist/" + entry);
    }

    const string ConfirmsByHand = "select requires_confirmation from scheduling.booking_policies where doctor_id = $1";

    const string Join = """
        with wanted as (
            select coalesce($3, b.doctor_id) as doctor_id, greatest($6, statement_timestamp()) as starts_from,
                   coalesce($7, b.starts_at) as starts_until
              from (select) one left join scheduling.bookings b on b.id = $5),
        judged as (
            select wanted.*, case
                   when $4::text is null and not exists (
                        select from doctors.practitioners d where d.id = wanted.doctor_id) then 'not_found'
                   when wanted.doctor_id = $2 then 'nobody_books_themself'
                   when $4 is null and not exists (
                        select from doctors.bookable_doctors($8) d where d.id = wanted.doctor_id)
                   then 'doctor_is_not_bookable'
                   when starts_until <= starts_from then 'past'
                   when exists (
                        select from scheduling.waitlist_entries e
                         where e.patient_id = $2 and e.status in ('waiting', 'offered')
                           and e.doctor_id is not distinct from wanted.doctor_id
                           and lower(e.specialization) is not distinct from lower($4)
                           and e.booking_id is not distinct from $5
                           and e.starts_from < wanted.starts_until and e.starts_until > wanted.starts_from) then 'twice'
                   when $9 > 0 and $9 <= (
                        select count(*) from scheduling.waitlist_entries e
                         where e.patient_id = $2 and e.status in ('waiting', 'offered')) then 'too_many'
                   else 'joined' end as outcome
              from wanted),
        joined as (
            insert into scheduling.waitlist_entries
                   (id, patient_id, doctor_id, specialization, booking_id, starts_from, starts_until)
            select $1, $2, doctor_id, $4, $5, starts_from, starts_until from judged where outcome = 'joined'
         returning *),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select patient_id, 'patient', 'waitlist.joined', 'waitlist_entry', id, jsonb_strip_nulls(
                   jsonb_build_object('doctor_id', doctor_id, 'booking_id', booking_id)), $10 from joined)
        select outcome from judged
        """;
}

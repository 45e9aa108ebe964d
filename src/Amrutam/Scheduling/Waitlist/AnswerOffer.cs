using Amrutam.Platform;
using Amrutam.Scheduling.Bookings;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Accepts the slot that the waiting list holds for the signed-in patient, or passes it on to the next in
/// line.</summary>
/// <remarks>
/// Accepting books the slot, or moves the booking that was kept so far, and ends the wait, all in one transaction: the
/// entry is locked first, then the booking, the slots, the patient. An offer is over by the database's clock.
/// </remarks>
static class AnswerOffer
{
    public sealed record Acceptance(string? Reason = null);

    public static void Map(RouteGroupBuilder waitlist)
    {
        waitlist.MapPost("/{id:guid}/acceptance", Accept).RequireAuthorization(Allow.Patient)
            .WithSummary("Accept an offered slot").Produces<Booking>()
            .Refuses([.. Rules.OfBooking, Rules.OfferIsOver, Rules.StepNotAllowed, Rules.CancellationWindowHasPassed,
                Rules.BookingHasStarted, Rules.MoveNeedsConfirmation, Problems.Invalid]);
        waitlist.MapPost("/{id:guid}/declination", Pass).RequireAuthorization(Allow.Patient)
            .WithSummary("Pass on an offered slot").Produces<WaitlistEntry>()
            .Refuses(Problems.Absent, Rules.OfferIsOver, Rules.KeyReused);
    }

    static async Task<IResult> Accept(Guid id, Acceptance? request, CurrentUser patient, IdempotencyKey key,
        KeyedChange changes, SchedulingSettings settings, Limits limits)
    {
        var fields = new Fields();
        var reason = fields.Text("reason", request?.Reason, BookSlot.MaxReason);
        if (fields.Wrong) return fields.Problem();
        var route = $"POST /api/waitlist/{id}/acceptance";
        return await changes.Run(patient, route, key, request ?? new(), async connection =>
        {
            if (await Lock(connection, id, patient) is not { } entry) return Answer.Of(Problems.NotFound());
            if (entry.Offer is not { } offer) return Answer.Of(Rules.OfferIsOver.Because());
            var answer = entry.BookingId is { } booking
                ? await Move(connection, booking, offer.SlotId, patient, settings)
                : await Book(connection, offer.SlotId, patient, reason, settings, limits);
            if (answer.Status == StatusCodes.Status200OK)
                await End(connection, id, "accepted", "accepted", patient, settings);
            return answer;
        });
    }

    static async Task<Answer> Book(NpgsqlConnection connection, Guid slot, CurrentUser patient, string? reason,
        SchedulingSettings settings, Limits limits)
    {
        var refusal = (await JudgeSlots.Judge(connection, [slot], patient.Id, settings))[0]
            ?? await BookTogether.LimitReached(connection, slot, patient.Id, limits);
        if (refusal is not null) return Answer.Of(Rules.Named(refusal).Because());
        var booked = await BookTogether.Book(connection, [slot], patient, reason);
        return Answer.Of(StatusCodes.Status200OK, booked[0], Booking.Location(booked[0].Id));
    }

    static async Task<Answer> Move(NpgsqlConnection connection, Guid booking, Guid slot, CurrentUser patient,
        SchedulingSettings settings)
    {
        var present = (await ChangeBooking.Lock(connection, booking, patient))!;
        if (LifeCycle.Refusal(present.Booking.Status, BookingAction.Move, present.Booking.StartsAt, present.Now)
            is { } refusal) return Answer.Of(refusal);
        return present.IsWithinWindow ? Answer.Of(Rules.CancellationWindowHasPassed.Because())
            : await MoveBooking.Move(connection, present.Booking, slot, patient, settings);
    }

    static Task<IResult> Pass(Guid id, CurrentUser patient, IdempotencyKey key, KeyedChange changes,
        SchedulingSettings settings) =>
        changes.Run(patient, $"POST /api/waitlist/{id}/declination", key, new { }, async connection =>
        {
            if (await Lock(connection, id, patient) is not { } entry) return Answer.Of(Problems.NotFound());
            if (entry.Offer is null) return Answer.Of(Rules.OfferIsOver.Because());
            await End(connection, id, WaitlistEntry.Waiting, "passed", patient, settings);
            var after = await connection.Statement(Select).With(id).With(patient.Id).One(WaitlistEntry.Read);
            return Answer.Of(StatusCodes.Status200OK, after!);
        });

    /// <summary>The entry, locked, as it is after the lock; null when it is not the patient's.</summary>
    public static async Task<WaitlistEntry?> Lock(NpgsqlConnection connection, Guid id, CurrentUser patient) =>
        await connection.Statement(LockRow).With(id).With(patient.Id).Value<bool>()
            ? await connection.Statement(Select).With(id).With(patient.Id).One(WaitlistEntry.Read) : null;

    /// <summary>Ends the open offer, if there is one, and brings the entry to its next state; a slot that is still held
    /// for it goes to the next in line.</summary>
    public static async Task End(NpgsqlConnection connection, Guid id, string status, string outcome,
        CurrentUser patient, SchedulingSettings settings)
    {
        var freed = await connection.Statement(EndOffer).With(id).With(status).With(outcome).With(patient.Id)
            .With(patient.Trace).List(row => row.GetGuid(0));
        foreach (var slot in freed) await OfferSlot.ToTheFirstInLine(connection, slot, patient.Id, settings);
    }

    const string LockRow = "select true from scheduling.waitlist_entries where id = $1 and patient_id = $2 for update";

    const string Select = "select " + WaitlistEntry.Columns + " from " + WaitlistEntry.Tables
        + " where e.id = $1 and e.patient_id = $2";

    const string EndOffer = """
        with entry as (
            update scheduling.waitlist_entries set status = $2 where id = $1 returning id),
        ended as (
            update scheduling.waitlist_offers set outcome = $3, ended_at = now()
             where entry_id = $1 and outcome is null returning slot_id),
        released as (
            update scheduling.slots s set held_by = null, held_until = null
              from ended where s.id = ended.slot_id and s.held_by = $4 and s.booking_id is null
         returning s.id),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $4, 'patient', 'waitlist.' || case $3 when 'withdrawn' then 'left' else $3 end, 'waitlist_entry', id,
                   jsonb_strip_nulls(jsonb_build_object('patient_id', $4, 'slot_id', (select slot_id from ended))), $5
              from entry)
        select id from released
        """;
}

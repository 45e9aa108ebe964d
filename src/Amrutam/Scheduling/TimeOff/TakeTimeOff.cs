using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Generation;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.Slots;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace Amrutam.Scheduling.TimeOff;

/// <summary>Adds time off of the signed-in doctor: closes open slots, and refuses, cancels or moves the bookings in
/// that time.</summary>
/// <remarks>By default bookings in that time refuse it and are listed, so that no mistake cancels a patient's
/// booking.</remarks>
static class TakeTimeOff
{
    /// <param name="From">A date of the doctor's zone, or an instant with its offset.</param>
    /// <param name="To">The last day off, or the instant at which it ends.</param>
    /// <param name="Bookings">The effect on bookings in that time: refuse (the default), cancel, or move.</param>
    /// <param name="Reason">For the patients whose bookings are cancelled or moved; they read it there.</param>
    public sealed record Request(string From, string To, string? Bookings = null, string? Reason = null);

    public sealed record Response(
        Guid Id, Instant From, Instant To, string TimeZone, int SlotsClosed,
        IReadOnlyList<ConflictingBooking> BookingsCancelled, IReadOnlyList<MovedBooking> BookingsMoved,
        string? Reason);

    // Three years and a leap day: the longest leave after which a doctor returns.
    static readonly Duration Longest = Duration.FromDays(3 * 365 + 1);

    // Each generation of slots reads all of them.
    const int MostAhead = 366;

    public static readonly string[] Ways = [ClearBookings.Refuse, ClearBookings.Cancel, ClearBookings.Move];

    public static void Map(RouteGroupBuilder availability) => availability.MapPost("/time-off", Handle)
        .WithSummary("Take time off")
        .WithDescription(
            "Closes open slots. Bookings in that time refuse it, are cancelled, or are moved to later slots of the "
            + "same length, as `bookings` says.")
        .Example(new Request("2030-01-07", "2030-01-11", ClearBookings.Move, "I am at a congress"))
        .WithLocation().Example(Examples.TimeOff)
        .WithProblems(SchedulingProblems.DoctorHasNoProfile, SchedulingProblems.BookingsInTheWay,
            SchedulingProblems.NoEqualSlotIsOpen, SchedulingProblems.TooMuchTimeOff,
            CommonProblems.Invalid, IdempotencyProblems.KeyReused);

    static Task<StoredResponse<Created<Response>>> Handle(Request request, CurrentUser doctor, IdempotencyKey key,
        IdempotentTransaction transaction, BookingListeners listeners) =>
        transaction.Run(doctor, key, request, async connection =>
        {
            await CalendarLocks.LockCalendars(connection, doctor.Id);
            if (await DoctorCalendar.Of(connection, doctor.Id) is not { } calendar)
                return SchedulingProblems.DoctorHasNoProfile.Because();
            var fields = new RequestValidation();
            var away = Read(request, calendar, fields);
            var leave = new ClearBookings.Leave(Guid.CreateVersion7(), away,
                fields.Text("reason", request.Reason, BookSlot.MaxReason));
            if (fields.Wrong) return fields.Problem();
            if (calendar.Away.Count >= MostAhead) return SchedulingProblems.TooMuchTimeOff.Because();
            return await Apply(connection, calendar, leave, request.Bookings ?? ClearBookings.Refuse, doctor,
                listeners);
        });

    static async Task<StoredResponse<Created<Response>>> Apply(NpgsqlConnection connection, DoctorCalendar calendar,
        ClearBookings.Leave leave, string how, CurrentUser doctor, BookingListeners listeners)
    {
        var (id, away, reason) = leave;
        var cleared = await ClearBookings.Clear(connection, calendar, leave, how, doctor, listeners);
        if (cleared.Refusal is { } refusal) return refusal;
        await connection.Statement(Save)
            .With(id).With(doctor.Id).With(away.Start).With(away.End).With(doctor.Trace)
            .With(reason).Execute();
        calendar = (await DoctorCalendar.Of(connection, doctor.Id))!;
        var plan = calendar.Plan();
        var done = await ApplySlotPlan.Apply(connection, [(calendar, plan)], doctor);
        return StoredResponse.Created(new Response(
            id, away.Start, away.End, calendar.Zone.Id, done.Closed - plan.AlreadyHidden,
            cleared.Cancelled, cleared.Moved, reason), "/api/availability/time-off/" + id);
    }

    static Interval Read(Request request, DoctorCalendar calendar, RequestValidation fields)
    {
        var (from, to) = (Moment(request.From, calendar.Zone, 0), Moment(request.To, calendar.Zone, 1));
        fields.Refuse(from is null, "from", NotAMoment).Refuse(to is null, "to", NotAMoment)
            .Refuse(request.Bookings is { } how && !Ways.Contains(how), "bookings",
                "must be one of " + string.Join(", ", Ways));
        if (from is not { } starts || to is not { } ends) return default;
        fields.Refuse(IsDate(request.From) != IsDate(request.To), "to",
                "must be a date when from is one, and else an instant")
            .Refuse(ends <= starts, "to", IsDate(request.To) ? "must not be before from" : "must be after from")
            .Refuse(ends - starts > Longest, "to", "must be within three years of from")
            .Refuse(ends <= calendar.Now, "to", "must be in the future");
        return fields.Wrong ? default : new(starts, ends);
    }

    const string NotAMoment = "must be a date, as 2030-12-24, or an instant with its offset, as 2030-12-24T09:00:00Z";

    static bool IsDate(string text) => LocalDatePattern.Iso.Parse(text).Success;

    /// <param name="daysOn">1 when a date is the end.</param>
    static Instant? Moment(string text, DateTimeZone zone, int daysOn)
    {
        if (LocalDatePattern.Iso.Parse(text) is { Success: true, Value: var date })
            return TimeZones.InRange(date) ? SlotGenerator.StartOfDay(date.PlusDays(daysOn), zone) : null;
        return Timestamp.Parse(text);
    }

    const string Save = """
        with taken as (
            insert into scheduling.time_off (id, doctor_id, starts_at, ends_at, reason)
            values ($1, $2, $3, $4, $6) returning *)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select doctor_id, 'doctor', 'time_off.taken', 'time_off', id,
               jsonb_build_object('doctor_id', doctor_id, 'starts_at', starts_at, 'ends_at', ends_at), $5
          from taken
        """;
}

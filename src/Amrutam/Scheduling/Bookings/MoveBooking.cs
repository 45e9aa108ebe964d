using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Moves a booking to another slot: all or nothing, the same id, the old slot open again at once.</summary>
/// <remarks>A patient may move to any open slot, a doctor only within their own. Both slots are locked in id order, so
/// crossing moves queue.</remarks>
static class MoveBooking
{
    public sealed record Request(Guid SlotId);

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapPost("/{id:guid}/move", Handle).RequireAuthorization(Allow.PatientOrDoctor)
        .WithSummary("Move a booking to another slot").Produces<Booking>()
        .Refuses([.. Rules.OfBooking, Rules.StepNotAllowed, Rules.BookingHasStarted]);

    static Task<IResult> Handle(Guid id, Request request, CurrentUser user, IdempotencyKey key, KeyedChange changes,
        SchedulingSettings settings) =>
        changes.Run(user, id, "POST /api/bookings/{id}/move", key, request, async (connection, booking) =>
        {
            if (booking.Status != "confirmed") return ChangeBooking.Refuse(booking, "moved");
            await connection.Statement(LockSlots).With(new[] { booking.SlotId, request.SlotId }).Execute();
            await connection.Statement(LockPatient).With(PatientLock.Of(booking.PatientId)).Execute();
            var refusal = await connection.Statement(Judge).With(id).With(request.SlotId).With(user.Id).With(user.Role)
                .With(settings.VerifiedDoctorsOnly).Value<string>();
            if (refusal == Rules.BookingHasStarted.Code) return Answer.Of(Rules.BookingHasStarted.Because());
            if (refusal is not null) return Answer.Of(Rules.Named(refusal).Because());
            return await Apply(connection, booking, request, user);
        });

    static Task<Answer> Apply(NpgsqlConnection connection, Booking booking, Request request, CurrentUser user) =>
        connection.Statement(Move).With(booking.Id).With(request.SlotId).With(booking.SlotId).With(user.Id)
            .With(user.Role).With(user.Trace)
            .Apply(booking, before => ChangeBooking.Refuse(before, "moved"));

    const string LockSlots = "select id from scheduling.slots where id = any($1) order by id for update";

    const string LockPatient = "select pg_advisory_xact_lock($1)";

    // A statement of its own, so that its snapshot is younger than the locks.
    const string Judge = """
        select case when b.starts_at <= statement_timestamp() then 'booking_has_started'
                    when d.id is null or ($5 and not d.verified)
                         or ($4 = 'doctor' and s.doctor_id <> $3) then 'not_found'
                    when s.closed_at is not null then 'slot_is_closed'
                    when s.starts_at <= statement_timestamp() then 'slot_has_started'
                    when s.booking_id is not null then 'one_active_booking_per_slot'
                    when $4 = 'patient' and s.bookable_until <= statement_timestamp() then 'minimum_notice'
                    when s.held_until > statement_timestamp() and s.held_by <> b.patient_id then 'slot_is_held'
                    when exists (
                        select from scheduling.bookings o
                         where o.patient_id = b.patient_id and o.status <> 'cancelled' and o.id <> b.id
                           and o.starts_at < s.ends_at and o.ends_at > s.starts_at
                                and o.starts_at > s.starts_at - interval '12 hours')
                    then 'bookings_of_a_patient_do_not_overlap' end
          from scheduling.bookings b
          left join scheduling.slots s on s.id = $2
          left join doctors.practitioners d on d.id = s.doctor_id
         where b.id = $1
        """;

    const string Move = """
        with b as (
            update scheduling.bookings m set slot_id = s.id, doctor_id = s.doctor_id, starts_at = s.starts_at,
                 ends_at = s.ends_at,
                   revision = revision + 1, updated_at = now()
              from scheduling.slots s
             where m.id = $1 and m.slot_id = $3 and m.status = 'confirmed' and s.id = $2
         returning m.*),
        marked as (
            update scheduling.slots s set booking_id = case s.id when $2 then b.id end, held_by = null,
                 held_until = null
              from b where s.id in ($2, $3)),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $4, $5, 'bookings.moved', 'booking', id,
                   jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id, 'from_slot_id', $3, 'starts_at',
                        starts_at), $6 from b)
        select
        """ + " " + Booking.Columns + " from b";
}

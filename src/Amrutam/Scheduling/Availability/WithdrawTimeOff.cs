using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Scheduling.Availability;

/// <summary>Takes back time off: what it closed and nothing else stands against is open again at once.</summary>
static class WithdrawTimeOff
{
    public static void Map(RouteGroupBuilder availability) => availability.MapDelete("/time-off/{id:guid}", Handle)
        .RequireAuthorization(Allow.Doctor).WithSummary("Take back time off")
        .Produces(StatusCodes.Status204NoContent).Refuses(Problems.Absent);

    static async Task<IResult> Handle(Guid id, CurrentUser doctor, NpgsqlDataSource db)
    {
        var withdrawn = await db.InTransaction(async connection =>
        {
            await DoctorCalendar.Lock(connection, doctor.Id);
            if (await connection.Statement(Delete).With(id).With(doctor.Id).With(doctor.Trace).Execute() == 0)
                return false;
            if (await DoctorCalendar.Of(connection, doctor.Id) is { } calendar)
                await KeepToPlan.Apply(connection, [(calendar, calendar.Plan())], doctor);
            return true;
        });
        return withdrawn ? TypedResults.NoContent() : Problems.NotFound();
    }

    const string Delete = """
        with withdrawn as (delete from scheduling.time_off where id = $1 and doctor_id = $2 returning *)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select doctor_id, 'doctor', 'time_off.withdrawn', 'time_off', id,
               jsonb_build_object('doctor_id', doctor_id, 'starts_at', starts_at, 'ends_at', ends_at), $3
          from withdrawn
        """;
}

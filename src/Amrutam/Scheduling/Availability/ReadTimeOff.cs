using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Scheduling.Availability;

/// <summary>One stretch of the signed-in doctor's time off, also one that is over.</summary>
static class ReadTimeOff
{
    public static void Map(RouteGroupBuilder availability) => availability.MapGet("/time-off/{id:guid}", Handle)
        .RequireAuthorization(Allow.Doctor).WithSummary("Read own time off").Produces<ListTimeOff.TimeOff>()
        .Example(Examples.KeptTimeOff).Refuses(Problems.Absent);

    static async Task<IResult> Handle(Guid id, CurrentUser doctor, NpgsqlDataSource db, CancellationToken ct) =>
        await db.Statement(Select).With(id).With(doctor.Id).One(ListTimeOff.TimeOff.Read, ct) is { } off
            ? TypedResults.Ok(off) : Problems.NotFound();

    const string Select = """
        select id, starts_at, ends_at, created_at from scheduling.time_off where id = $1 and doctor_id = $2
        """;
}

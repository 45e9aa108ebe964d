using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.TimeOff;

/// <summary>Reads one time off of the signed-in doctor, also a past one.</summary>
static class ReadTimeOff
{
    public static void Map(RouteGroupBuilder availability) => availability.MapGet("/time-off/{id:guid}", Handle)
        .WithSummary("Read one of your times off")
        .WithDescription("A time off of the caller.")
        .Example(Examples.KeptTimeOff).WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<ListTimeOff.TimeOff>, ProblemHttpResult>> Handle(Guid id, CurrentUser doctor,
        NpgsqlDataSource db, CancellationToken ct) =>
        await db.Statement(Select).With(id).With(doctor.Id).One(ListTimeOff.TimeOff.Read, ct) is { } off
            ? TypedResults.Ok(off) : CommonProblems.NotFound();

    const string Select = """
        select id, starts_at, ends_at, created_at, reason
          from scheduling.time_off where id = $1 and doctor_id = $2
        """;
}

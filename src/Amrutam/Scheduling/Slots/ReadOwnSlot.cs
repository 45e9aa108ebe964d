using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Slots;

/// <summary>Reads one of the signed-in doctor's slots, in any state.</summary>
static class ReadOwnSlot
{
    public static void Map(RouteGroupBuilder slots) =>
        slots.MapGet("/{id:guid}", Handle).RequireAuthorization(Allow.Doctor).WithSummary("Read one of your slots")
            .WithDescription("A slot of the caller, in any state.")
            .Example(Examples.Open).WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<Slot>, ProblemHttpResult>> Handle(Guid id, CurrentUser doctor, NpgsqlDataSource db,
        CancellationToken ct) =>
        await db.Statement(Select).With(id).With(doctor.Id).One(Slot.Read, ct) is { } slot
            ? TypedResults.Ok(slot) : CommonProblems.NotFound();

    const string Select = "select " + Slot.Columns + """

          from scheduling.slots s join doctors.practitioners p on p.id = s.doctor_id
         where s.id = $1 and s.doctor_id = $2
        """;
}

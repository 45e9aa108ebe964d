using Amrutam.Doctors.Contracts;
using Amrutam.Doctors.Profiles;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Doctors.Directory;

/// <summary>Shows one doctor to everybody.</summary>
static class ReadDoctor
{
    public static void Map(RouteGroupBuilder doctors) =>
        doctors.MapGet("/{id:guid}", Handle).AllowAnonymous().CachePublic("id")
            .WithSummary("Read a doctor")
            .WithDescription("A profile from the directory. Open to all.")
            .WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<Doctor>, ProblemHttpResult>> Handle(
        Guid id, DoctorsShown shown, [FromKeyedServices(Database.ForLists)] NpgsqlDataSource db,
        CancellationToken ct) =>
        await db.Statement(Find).With(shown.VerifiedOnly).With(id).One(Doctor.Read, ct) is { } doctor
            ? TypedResults.Ok(doctor)
            : CommonProblems.NotFound();

    const string Find = $"""
        select {Doctor.Columns} from doctors.profiles d {Doctor.NextOpenSlot}
         where d.id = $2 and {Doctor.IsBookable}
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Doctors.Profiles;

/// <summary>Shows the signed-in doctor their own profile, even when the directory does not show it.</summary>
static class ReadOwnProfile
{
    public static void Map(RouteGroupBuilder own) => own.MapGet("", Handle)
        .WithSummary("Read your profile")
        .WithDescription("The caller's own profile, with the note of the verification.")
        .WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<Doctor>, ProblemHttpResult>> Handle(
        CurrentUser doctor, NpgsqlDataSource db, CancellationToken ct) =>
        await db.Statement(Find).With(doctor.Id).One(Doctor.ReadOwn, ct) is { } profile
            ? TypedResults.Ok(profile)
            : CommonProblems.NotFound();

    const string Find = $"""
        select {Doctor.OwnColumns} from doctors.profiles d {Doctor.NextOpenSlot} {Doctor.Pending}
         where d.id = $1
        """;
}

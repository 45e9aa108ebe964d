using Amrutam.Doctors.Directory;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Doctors.Profiles;

/// <summary>Shows the signed-in doctor their profile, whether others can see it or not.</summary>
static class ReadOwnProfile
{
    public static void Map(RouteGroupBuilder doctors) => doctors.MapGet("/profile", Handle)
        .RequireAuthorization(Allow.Doctor).WithSummary("Read your profile")
        .WithDescription("The caller's own profile, with the note of the verification.")
        .WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<Doctor>, ProblemHttpResult>> Handle(
        CurrentUser doctor, NpgsqlDataSource db, CancellationToken ct) =>
        await db.Statement(Find).With(doctor.Id).One(Doctor.ReadWithNote, ct) is { } profile
            ? TypedResults.Ok(profile)
            : CommonProblems.NotFound();

    const string Find = $"""
        select {Doctor.Columns}, d.verification_note from doctors.profiles d {Doctor.NextOpenSlot}
         where d.id = $1
        """;
}

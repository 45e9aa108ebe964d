using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>Lists the kinds of visit that a doctor offers, in the doctor's order: to everybody those that can be
/// booked, to the doctor all.</summary>
static class ListOfferedTypes
{
    public static void Map(RouteGroupBuilder doctors, RouteGroupBuilder own)
    {
        doctors.MapGet("/{id:guid}/visit-types", Handle).AllowAnonymous().CachePublic("id")
            .WithSummary("List the kinds of visit of a doctor")
            .WithDescription("Open to all. The length and the price are those that count for this doctor.")
            .Example(Examples.PageOf(VisitTypeExamples.Offered)).WithProblems(CommonProblems.Absent);
        own.MapGet("", Own).WithSummary("List the kinds of visit that you offer")
            .WithDescription("In your order. Kinds that the clinic withdrew are included.")
            .Example(Examples.PageOf(VisitTypeExamples.Offered));
    }

    static async Task<Results<Ok<Page<OfferedVisitType>>, ProblemHttpResult>> Handle(Guid id, NpgsqlDataSource db,
        SchedulingSettings settings, CancellationToken ct)
    {
        if (!await db.Statement(IsListed).With(id).With(settings.VerifiedDoctorsOnly).Value<bool>(ct))
            return CommonProblems.NotFound();
        var all = await db.Statement(Select).With(id).List(OfferedVisitType.Read, ct);
        return TypedResults.Ok(new Page<OfferedVisitType>(all.FindAll(type => type.Active), NextCursor: null));
    }

    static async Task<Ok<Page<OfferedVisitType>>> Own(CurrentUser doctor, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        return TypedResults.Ok(await Of(connection, doctor.Id, ct));
    }

    /// <summary>All kinds of the doctor.</summary>
    public static async Task<Page<OfferedVisitType>> Of(NpgsqlConnection connection, Guid doctor,
        CancellationToken ct = default) =>
        new(await connection.Statement(Select).With(doctor).List(OfferedVisitType.Read, ct), NextCursor: null);

    const string IsListed = "select true from doctors.bookable_doctors($2) where id = $1";

    const string Select = $"""
        select {OfferedVisitType.Columns} from scheduling.visit_types_of_doctors v
         where v.doctor_id = $1 order by v.position
        """;
}

using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Policies;

/// <summary>Reads the booking policy of a listed doctor; public.</summary>
static class ReadPolicy
{
    public static void Map(RouteGroupBuilder doctors) => doctors.MapGet("/{id:guid}/policy", Handle).AllowAnonymous()
        .WithSummary("Read a doctor's booking policy")
        .WithDescription("Open to all. A doctor without a policy has the lenient one.")
        .Example(BookingPolicy.Example).WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<BookingPolicy>, ProblemHttpResult>> Handle(Guid id, NpgsqlDataSource db,
        SchedulingSettings settings, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        return await BookingPolicy.OfListed(connection, id, settings.VerifiedDoctorsOnly, ct) is { } stored
            ? TypedResults.Ok(stored.Policy) : CommonProblems.NotFound();
    }
}

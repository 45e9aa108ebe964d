using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Policies;

/// <summary>Reads the signed-in doctor's booking policy, with its ETag.</summary>
static class ReadOwnPolicy
{
    public static void Map(RouteGroupBuilder own) => own.MapGet("", Handle)
        .WithSummary("Read your booking policy")
        .WithDescription("The policy, with the ETag that a change can send.")
        .WithETag().Example(BookingPolicy.Example);

    static async Task<Ok<BookingPolicy>> Handle(CurrentUser doctor, HttpResponse response, NpgsqlDataSource db,
        CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        var stored = await BookingPolicy.OfOwn(connection, doctor.Id, ct);
        response.Headers.ETag = IfMatch.Tag(stored?.Revision ?? 0);
        return TypedResults.Ok(stored?.Policy ?? new());
    }
}

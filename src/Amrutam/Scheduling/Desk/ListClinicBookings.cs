using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Desk;

/// <summary>Lists the bookings of the clinic for the front desk, the latest start first unless the soonest is asked
/// for.</summary>
static class ListClinicBookings
{
    sealed record Key(Instant StartsAt, Guid Id);

    public static void Map(RouteGroupBuilder desk) => desk.MapGet("/bookings", Handle)
        .WithSummary("List the bookings of the clinic")
        .WithDescription("By doctor, patient, state and time; without the reasons that patients gave.")
        .RecordsAccess<Page<DeskBooking>>("bookings.read", "booking",
            page => page.Items.Select(b => new Shown(b.PatientId, b.Id)))
        .Example(Examples.PageOf(Examples.AtTheDesk)).WithProblems(CommonProblems.Invalid, PageQuery.NotACursor);

    static async Task<Results<Ok<Page<DeskBooking>>, ProblemHttpResult>> Handle([AsParameters] PageQuery query,
        [AsParameters] BookingFilters filters, NpgsqlDataSource db, CancellationToken ct)
    {
        if (filters.Check() is { Wrong: true } fields) return fields.Problem();
        var page = query.Open<Key>();
        if (page.Refusal is not null) return page.Refusal;
        await using var connection = await db.OpenConnectionAsync(ct);
        var rows = await filters.Select(connection, page.Fetch, page.After?.StartsAt, page.After?.Id)
            .List(DeskBooking.Read, ct);
        return TypedResults.Ok(page.Of(rows, row => row, row => new Key(row.StartsAt, row.Id)));
    }
}

using Amrutam.Analytics.Contracts;

namespace Amrutam.Analytics;

/// <summary>Tells an admin how many users, doctors, bookings and slots there are.</summary>
/// <remarks>Read from roll-ups; a change that was acknowledged before the request is in them, or <c>up_to_date</c> is
/// false.</remarks>
static class ReadStats
{
    /// <param name="TotalSlots">Published and not closed, booked or not.</param>
    /// <param name="TotalBookings">Ever made, whatever became of them.</param>
    public sealed record Response(long TotalUsers, long TotalDoctors, long TotalPatients, long TotalBookings,
        long TotalSlots,
        long CancelledBookings, long MissedBookings, bool UpToDate);

    public static void Map(RouteGroupBuilder admin) =>
        admin.MapGet("/stats", Handle).WithSummary("Read the clinic's figures")
            .WithDescription("Totals of accounts, slots and bookings.");

    static async Task<Response> Handle(Statistics statistics, CancellationToken ct)
    {
        var totals = await statistics.Totals(ct);
        return new(totals.Users, totals.Doctors, totals.Patients, totals.Bookings, totals.Slots,
            totals.CancelledBookings, totals.MissedBookings,
            totals.UpToDate);
    }
}

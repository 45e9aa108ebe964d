using Amrutam.Analytics.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Analytics;

/// <summary>Gives an admin the numbers of users, doctors, bookings and slots.</summary>
/// <remarks>They come from roll-ups. A change that was acknowledged before the request is counted, or <c>up_to_date</c>
/// is false.</remarks>
static class ReadStats
{
    /// <param name="TotalUsers">Accounts of every role, suspended and closed ones included, erased ones not.</param>
    /// <param name="TotalDoctors">Accounts with the role doctor, counted as in total_users, with a profile or
    /// not.</param>
    /// <param name="TotalPatients">Accounts with the role patient, counted as in total_users.</param>
    /// <param name="TotalBookings">Bookings and requests ever made, in every status.</param>
    /// <param name="TotalSlots">Slots that are published and not closed, past and booked ones included.</param>
    /// <param name="CancelledBookings">Bookings and requests with the status cancelled, by the patient, the doctor or
    /// the system.</param>
    /// <param name="DeclinedBookings">Requests with the status declined, by the doctor.</param>
    /// <param name="ExpiredBookings">Requests with the status expired: the doctor did not answer in time.</param>
    /// <param name="MissedBookings">Bookings with the status no_show, of the patient or the doctor.</param>
    /// <param name="UpToDate">False when the newest changes may be missing.</param>
    public sealed record Response(long TotalUsers, long TotalDoctors, long TotalPatients, long TotalBookings,
        long TotalSlots, long CancelledBookings, long DeclinedBookings, long ExpiredBookings, long MissedBookings,
        bool UpToDate);

    public static void Map(RouteGroupBuilder admin) =>
        admin.MapGet("/stats", Handle).WithSummary("Read the clinic's figures")
            .WithDescription("Totals of accounts, slots and bookings.");

    static async Task<Ok<Response>> Handle(Statistics statistics, CancellationToken ct)
    {
        var totals = await statistics.Totals(ct);
        return TypedResults.Ok(new Response(totals.Users, totals.Doctors, totals.Patients, totals.Bookings,
            totals.Slots, totals.CancelledBookings, totals.DeclinedBookings, totals.ExpiredBookings,
            totals.MissedBookings, totals.UpToDate));
    }
}

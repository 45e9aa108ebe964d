using System.Globalization;
using System.Text;
using Amrutam.Analytics.Contracts;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Portal.Dashboard;

/// <summary>Gives an admin the number of bookings by day and end as CSV.</summary>
/// <remarks>It has only dates and counts: no personal data, and no cell that a spreadsheet takes for a
/// formula.</remarks>
static class DownloadBookings
{
    public const string Path = "/admin/bookings.csv";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, Handle).RequirePortal(Allow.Admin).ExcludeFromDescription();

    static async Task<FileContentHttpResult> Handle(Statistics statistics, string? days,
        CancellationToken ct)
    {
        var figures = await statistics.Figures(ShowDashboard.Period(days), ct);
        var text = new StringBuilder("day,kept,cancelled,no_show,declined,expired\r\n");
        foreach (var (day, counts) in DashboardFigures.BookingsByDay(figures))
            text.Append(CultureInfo.InvariantCulture, $"{day:uuuu-MM-dd},{string.Join(',', counts)}\r\n");
        return TypedResults.File(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8", "bookings.csv");
    }
}

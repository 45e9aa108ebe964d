using System.Globalization;
using System.Text;
using Amrutam.Analytics.Contracts;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Portal.Dashboard;

/// <summary>Gives an admin the bookings of each day as a table for a spreadsheet.</summary>
/// <remarks>Dates and counts alone: nothing of a person, and no cell that a spreadsheet could take for a
/// formula.</remarks>
static class DownloadBookings
{
    public const string Path = "/admin/bookings.csv";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, Handle).RequirePortal(Allow.Admin).ExcludeFromDescription();

    static async Task<FileContentHttpResult> Handle(HttpContext http, Statistics statistics, string? days,
        CancellationToken ct)
    {
        var figures = await statistics.Figures(ShowDashboard.Period(days), ct);
        var text = new StringBuilder("day,kept,cancelled,no_show\r\n");
        foreach (var (day, counts) in DashboardFigures.BookingsByDay(figures))
            text.Append(CultureInfo.InvariantCulture, $"{day:uuuu-MM-dd},{counts[0]},{counts[1]},{counts[2]}\r\n");
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.File(Encoding.UTF8.GetBytes(text.ToString()), "text/csv; charset=utf-8", "bookings.csv");
    }
}

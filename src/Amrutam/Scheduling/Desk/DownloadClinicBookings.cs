using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Limits;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Privacy;
using CsvHelper;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace Amrutam.Scheduling.Desk;

/// <summary>Gives the bookings of the clinic as CSV, with the filters and the order of the list.</summary>
/// <remarks>A name that begins as a formula gets an apostrophe before it, so that no spreadsheet calculates
/// it.</remarks>
static class DownloadClinicBookings
{
    // A month of a clinic with a hundred busy doctors. The file is some megabytes.
    public const int MostRows = 50_000;

    static readonly string[] Header = ["id", "starts_at", "ends_at", "status", "doctor_id", "doctor", "patient_id",
        "patient", "phone", "cancelled_by", "no_show_party", "created_at"];

    public static void Map(RouteGroupBuilder desk) => desk.MapGet("/bookings.csv", Handle)
        .WithSummary("Download the bookings of the clinic as CSV")
        .WithDescription($"The list as a file of at most {MostRows} lines, in UTF-8 (RFC 4180).")
        .WithMetadata(new RecordsAccess(Action)).Produces<string>(200, "text/csv")
        .WithProblems(CommonProblems.Invalid, CommonProblems.TooManyAtOnce, SchedulingProblems.TooManyRows);

    const string Action = "bookings.exported";

    static async Task<Results<Downloads.Download, ProblemHttpResult>> Handle([AsParameters] BookingFilters filters,
        HttpContext http, CurrentUser caller, NpgsqlDataSource db, Downloads downloads, CancellationToken ct)
    {
        if (filters.Check() is { Wrong: true } fields) return fields.Problem();
        if (await filters.Count(db, MostRows + 1, ct) > MostRows) return SchedulingProblems.TooManyRows.Because();
        return downloads.Of(caller, "text/csv; charset=utf-8", "clinic-bookings.csv", async (file, end) =>
            await RecordAccess.Of(http, Action, "booking", await Write(file, filters, db, end)));
    }

    /// <returns>The patients whose bookings the file has.</returns>
    static async Task<List<Shown>> Write(Stream file, BookingFilters filters, NpgsqlDataSource db, CancellationToken ct)
    {
        var shown = new List<Shown>();
        await using var csv = CsvWriter.Create(file, new() { Injection = CsvInjection.Escape }, leaveOpen: true);
        csv.WriteHeader(Header);
        await using var connection = await db.OpenConnectionAsync(ct);
        await foreach (var booking in filters.Select(connection, MostRows).Stream(DeskBooking.Read, ct))
        {
            shown.Add(new(booking.PatientId));
            await csv.WriteRecordAsync(Line(booking), ct);
        }
        return shown;
    }

    static string[] Line(DeskBooking booking) => [booking.Id.ToString(), Text(booking.StartsAt), Text(booking.EndsAt),
        booking.Status, booking.DoctorId.ToString(), booking.DoctorName, booking.PatientId.ToString(),
        booking.Patient.FullName ?? "",
        booking.Patient.Phone ?? "", booking.CancelledBy ?? "", booking.NoShowParty ?? "", Text(booking.CreatedAt)];

    static string Text(Instant at) => InstantPattern.ExtendedIso.Format(at);
}

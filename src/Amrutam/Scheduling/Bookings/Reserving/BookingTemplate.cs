using System.Globalization;
using System.Text.Json;
using Amrutam.Scheduling.Contracts;
using NodaTime;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>The JSON of a new booking as the serializer writes it, with places for PostgreSQL's <c>format</c> to
/// fill.</summary>
/// <remarks>The statement that books also stores the response, so only PostgreSQL knows the values in time. The
/// members, their names and their order are the serializer's.</remarks>
static class BookingTemplate
{
    /// <summary>Takes id, slot, doctor, patient, account, status, start, end, expiry, reason, creation,
    /// kind of visit.</summary>
    public static string Json { get; } = Write();

    // Any text that no name of a member contains.
    const string Status = "?status", Reason = "?reason";

    static string Write()
    {
        var booking = new Booking(Number(1), Number(2), Number(3), Number(4), Number(5), SeriesId: null, Status,
            At(7), At(8), Visit, At(9), Reason, CancelledBy: null, CancellationReason: null,
            CancelledMinutesAhead: null,
            NoShowParty: null, Revision: 0, At(11));
        object?[] values = [booking.Id, booking.SlotId, booking.DoctorId, booking.PatientId, booking.BookedBy, Status,
            booking.StartsAt, booking.EndsAt, booking.ExpiresAt, Reason, booking.CreatedAt, Visit];
        var json = JsonSerializer.Serialize(booking, SchedulingJson.Wire.Booking);
        for (var i = 0; i < values.Length; i++)
            json = json.Replace(JsonSerializer.Serialize(values[i], SchedulingJson.Wire.Options),
                string.Create(CultureInfo.InvariantCulture, $"%{i + 1}$s"), StringComparison.Ordinal);
        return json;
    }

    static VisitTypeCopy Visit => new(Number(12), "?name", 0, "?mode", Address: null, FeeMinor: null, "?");

    static Guid Number(int place) => new(place, 0, 0, new byte[8]);

    static Instant At(int place) => Instant.FromUnixTimeSeconds(place);
}

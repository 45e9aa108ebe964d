using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>Slots and bookings through the API.</summary>
static class Calendar
{
    /// <summary>Publishes a slot of half an hour, <paramref name="number"/> half hours after the start of the day after
    /// tomorrow.</summary>
    public static async Task<Guid> Slot(this TestUser doctor, int number = 0) =>
        (await doctor.Http.Post("/api/slots", At(number))).Is(201).Id;

    public static object At(int number)
    {
        var starts = Start.Plus(Duration.FromMinutes(30) * number);
        return new { starts_at = starts.ToString(), ends_at = starts.Plus(Duration.FromMinutes(30)).ToString() };
    }

    public static Instant Start { get; } = SystemClock.Instance.GetCurrentInstant().InUtc().Date.PlusDays(2)
        .AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();

    public static Task<Reply> Book(this TestUser patient, Guid slot, string? key = null, string? reason = null) =>
        patient.Http.Post("/api/bookings", reason is null ? new { slot_id = slot } : new { slot_id = slot, reason },
            key);
}

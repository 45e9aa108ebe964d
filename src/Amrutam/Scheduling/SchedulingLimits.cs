using System.ComponentModel.DataAnnotations;

namespace Amrutam.Scheduling;

/// <summary>Limits for one patient (section <c>Limits</c>). 0 removes a limit.</summary>
sealed class SchedulingLimits
{
    // Open bookings: more than a patient needs, and fewer than a person would take who hoards slots. Without this limit
    // the two finer ones below do not apply either.
    [Range(0, int.MaxValue)] public int OpenBookingsPerPatient { get; init; } = 50;

    [Range(0, int.MaxValue)]
    public int OpenBookingsPerPatientAndDoctor { get => AgainstHoarding(field); init; } = 25;

    // Slots that the patient gave up within an hour: cancelled bookings, holds that were not booked, offers that were
    // not accepted. Then the patient waits until the hour is over.
    [Range(0, int.MaxValue)] public int CancellationsPerPatient { get => AgainstHoarding(field); init; } = 20;

    // Each has up to 26 bookings, which the limits above do not count.
    [Range(0, int.MaxValue)] public int OpenSeriesPerPatient { get; init; } = 3;

    [Range(0, int.MaxValue)] public int WaitlistEntriesPerPatient { get; init; } = 10;

    // Slots that one patient may hold at a time.
    [Range(0, int.MaxValue)] public int HoldsPerPatient { get; init; } = 3;

    int AgainstHoarding(int limit) => OpenBookingsPerPatient == 0 ? 0 : limit;
}

using System.ComponentModel.DataAnnotations;

namespace Amrutam.Scheduling;

/// <summary>Limits of one patient's part in the calendar (section <c>Limits</c>). 0 lifts a limit.</summary>
sealed class SchedulingLimits
{
    // Bookings ahead: more than a patient keeps, fewer than a hoarder wants. Lifting this limit lifts the two finer
    // ones below, which guard against the same behaviour.
    [Range(0, int.MaxValue)] public int OpenBookingsPerPatient { get; init; } = 50;

    [Range(0, int.MaxValue)]
    public int OpenBookingsPerPatientAndDoctor { get => AgainstHoarding(field); init; } = 25;

    // Within an hour, by the patient; then booking waits until the hour is over.
    [Range(0, int.MaxValue)] public int CancellationsPerPatient { get => AgainstHoarding(field); init; } = 20;

    // Of up to 26 bookings each, which the limits above do not count.
    [Range(0, int.MaxValue)] public int OpenSeriesPerPatient { get; init; } = 3;

    [Range(0, int.MaxValue)] public int WaitlistEntriesPerPatient { get; init; } = 10;

    // Slots that one patient may hold while choosing.
    [Range(0, int.MaxValue)] public int HoldsPerPatient { get; init; } = 3;

    int AgainstHoarding(int limit) => OpenBookingsPerPatient == 0 ? 0 : limit;
}

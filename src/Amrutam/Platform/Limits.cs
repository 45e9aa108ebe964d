using System.ComponentModel.DataAnnotations;

namespace Amrutam.Platform;

/// <summary>How much one person or address may do (section <c>Limits</c>); 0 lifts a limit.</summary>
sealed class Limits
{
    // A family behind one address signs up in one sitting; a script signs up thousands.
    [Range(0, int.MaxValue)] public int SignUpsPerAddress { get; init; } = 20;

    // Per minute. A clinic's whole staff may sit behind one address.
    [Range(0, int.MaxValue)] public int SignInsPerAddress { get; init; } = 60;

    // Letters asked for, per minute: more than a person asks, fewer than fill somebody's inbox.
    [Range(0, int.MaxValue)] public int MailsPerAddress { get; init; } = 10;

    // In a row, before the account's sign-in waits.
    [Range(0, int.MaxValue)] public int SignInFailuresPerAccount { get; init; } = 10;

    // Bookings ahead: more than anyone keeps, fewer than a hoarder wants. Lifting this one lifts the two that guard the
    // same thing more finely: whoever may book without end is no hoarder with one doctor, or by booking and cancelling.
    [Range(0, int.MaxValue)] public int OpenBookingsPerPatient { get; init; } = 50;

    [Range(0, int.MaxValue)]
    public int OpenBookingsPerPatientAndDoctor { get => AgainstHoarding(field); init; } = 25;

    // Within an hour, by the patient; then booking waits until the hour is over.
    [Range(0, int.MaxValue)] public int CancellationsPerPatient { get => AgainstHoarding(field); init; } = 20;

    // Of up to 26 bookings each, which the limits above do not count.
    [Range(0, int.MaxValue)] public int OpenSeriesPerPatient { get; init; } = 3;

    [Range(0, int.MaxValue)] public int WaitlistEntriesPerPatient { get; init; } = 10;

    // Slots one patient may hold while choosing.
    [Range(0, int.MaxValue)] public int HoldsPerPatient { get; init; } = 3;

    int AgainstHoarding(int limit) => OpenBookingsPerPatient == 0 ? 0 : limit;
}

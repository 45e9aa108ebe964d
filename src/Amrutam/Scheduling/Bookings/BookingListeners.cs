using Amrutam.Platform.Http;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Runs in the transaction that frees a slot, so that it comes before every other request for the
/// slot.</summary>
/// <param name="formerPatient">The patient who had the slot, or null.</param>
delegate Task FreedSlotListener(NpgsqlConnection connection, Guid slot, Guid? formerPatient);

/// <summary>Runs in the transaction that changes bookings after they were made, so that nothing outlives the booking
/// that it hangs on.</summary>
/// <param name="by">The actor; null for the system.</param>
delegate Task ChangedBookingsListener(NpgsqlConnection connection, Guid[] bookings, CurrentUser? by);

/// <summary>Runs in the transaction that checks a patient in.</summary>
/// <param name="by">The actor; null for the system.</param>
delegate Task ArrivedPatientListener(NpgsqlConnection connection, Booking booking, CurrentUser? by);

/// <summary>Announces changed bookings, freed slots and arrived patients to the listeners: the waiting list and the
/// queue. Bookings know none of them.</summary>
sealed class BookingListeners(IEnumerable<FreedSlotListener> ofSlots, IEnumerable<ChangedBookingsListener> ofBookings,
    IEnumerable<ArrivedPatientListener> ofArrivals)
{
    /// <summary>Called after the check-in, on its connection and before its commit.</summary>
    public async Task PatientArrived(NpgsqlConnection connection, Booking booking, CurrentUser? by)
    {
        foreach (var listener in ofArrivals) await listener(connection, booking, by);
    }

    /// <summary>Called after the change that freed the slot, on its connection and before its commit.</summary>
    public async Task SlotFreed(NpgsqlConnection connection, Guid slot, Guid? formerPatient)
    {
        foreach (var listener in ofSlots) await listener(connection, slot, formerPatient);
    }

    /// <summary>Called after the change and before its slot is announced, on its connection and before its
    /// commit.</summary>
    public async Task BookingsChanged(NpgsqlConnection connection, Guid[] bookings, CurrentUser? by)
    {
        foreach (var listener in ofBookings) await listener(connection, bookings, by);
    }
}

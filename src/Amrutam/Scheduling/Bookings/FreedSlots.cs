using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Runs in the transaction that frees a slot, so that it comes before every other request for the
/// slot.</summary>
/// <param name="formerPatient">The patient who had the slot, or null.</param>
delegate Task FreedSlotListener(NpgsqlConnection connection, Guid slot, Guid? formerPatient);

/// <summary>Announces freed slots to the listeners: the waiting list is one. Bookings know none of them.</summary>
sealed class FreedSlots(IEnumerable<FreedSlotListener> listeners)
{
    /// <summary>Called after the change that freed the slot, on its connection and before its commit.</summary>
    public async Task Announce(NpgsqlConnection connection, Guid slot, Guid? formerPatient)
    {
        foreach (var listener in listeners) await listener(connection, slot, formerPatient);
    }
}

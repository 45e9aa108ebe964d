using Amrutam.Platform.Http;
using Amrutam.Platform.Idempotency;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>An account's request for one slot, for a patient.</summary>
/// <param name="PatientId">The account's own id, or a dependant.</param>
/// <param name="Chosen">JSON, the response's member <c>chosen</c>: why this slot, when the patient named none.</param>
/// <param name="Group">The requests that wait for this one's result.</param>
sealed record BookingRequest(Guid Id, Guid SlotId, CurrentUser Account, Guid PatientId, string? Reason,
    IdempotencyKey Key, byte[]? Fingerprint, string Trace, string? Chosen = null,
    SlotRequestCoalescer.Group? Group = null);

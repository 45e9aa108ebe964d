using Amrutam.Platform.Http;
using Amrutam.Platform.Idempotency;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>One patient's request for one slot.</summary>
/// <param name="Chosen">JSON, the response's member <c>chosen</c>: why this slot, when the patient named none.</param>
/// <param name="Group">The requests that wait for this one's result.</param>
sealed record BookingRequest(Guid Id, Guid SlotId, CurrentUser Patient, string? Reason, IdempotencyKey Key,
    byte[]? Fingerprint, string Trace, string? Chosen = null, SlotRequestCoalescer.Group? Group = null);

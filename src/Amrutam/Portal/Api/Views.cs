using NodaTime;

namespace Amrutam.Portal.Api;

/// <summary>A doctor of the directory.</summary>
public sealed record DoctorView(Guid Id, string FullName, string Specialization, int Experience, string Bio,
    IReadOnlyList<string> Languages, int? FeeMinor, string Currency, string TimeZone, bool Verified,
    Instant? NextOpenSlotAt = null);

/// <summary>A bookable slot.</summary>
public sealed record SlotView(Guid Id, Guid DoctorId, Instant StartsAt, Instant EndsAt, string TimeZone);

/// <summary>A kind of visit that a doctor offers, with the length and the price that count for this doctor.</summary>
public sealed record KindView(Guid VisitTypeId, string Name, string? Description, int Minutes, string Mode,
    string? Address, int? FeeMinor, string Currency, string BookableBy, bool Active);

/// <summary>The kind of a booked visit, as it was at the booking.</summary>
public sealed record BookedKindView(Guid Id, string Name, int Minutes, string Mode, string? Address, int? FeeMinor,
    string Currency);

/// <summary>A slot that is held for the person.</summary>
public sealed record HoldView(Guid SlotId, Guid DoctorId, Instant StartsAt, Instant EndsAt, Instant ExpiresAt);

/// <summary>A booking of the person.</summary>
public sealed record VisitView(Guid Id, Guid SlotId, Guid DoctorId, Guid PatientId, string Status, Instant StartsAt,
    Instant EndsAt, Instant? ExpiresAt = null, string? Reason = null, string? CancelledBy = null,
    string? CancellationReason = null, int Revision = 0, PatientView? Patient = null,
    BookedKindView? VisitType = null);

/// <summary>A visit as the front desk sees it.</summary>
public sealed record DeskVisitView(Guid Id, Guid DoctorId, string DoctorName, string Status, Instant StartsAt,
    Instant EndsAt, int Revision, DeskPatientView Patient);

/// <summary>A patient of the desk.</summary>
/// <param name="FullName">Null while it is not known.</param>
public sealed record DeskPatientView(Guid Id, string? FullName);

/// <summary>An item of a doctor's day with its token.</summary>
/// <param name="BookingId">Null for a walk-in without a slot.</param>
public sealed record QueueView(Guid? BookingId, string Status, DeskPatientView Patient, int? Token);

/// <summary>The person who comes to a visit.</summary>
public sealed record PatientView(Guid Id, string FullName, int? Age = null, string? Sex = null);

/// <summary>A place of the person on a waiting list.</summary>
/// <param name="Offer">The slot that is held for the person now, or null.</param>
public sealed record EntryView(Guid Id, Instant From, Instant To, string Status, Guid? DoctorId = null,
    string? Specialization = null, Guid? BookingId = null, OfferView? Offer = null);

/// <summary>A slot that a waiting list holds for the person.</summary>
public sealed record OfferView(Guid SlotId, Guid DoctorId, Instant StartsAt, Instant EndsAt, Instant ExpiresAt);

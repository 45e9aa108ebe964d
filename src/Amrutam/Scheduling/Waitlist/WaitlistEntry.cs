using Amrutam.Platform.Data;
using Amrutam.Platform.OpenApi;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>A place on a waiting list, as its patient sees it.</summary>
/// <param name="DoctorId">The doctor; null for any doctor of the specialization.</param>
/// <param name="BookingId">The booking that is kept until an earlier slot is accepted, or null.</param>
/// <param name="Status">waiting, offered, accepted, left, or lapsed (its time is over, or the patient did not
/// answer).</param>
/// <param name="Offer">The slot that is held for the patient now, or null.</param>
sealed record WaitlistEntry(Guid Id, Guid? DoctorId, string? Specialization, Guid? BookingId, Instant From, Instant To,
    string Status, WaitlistEntry.Held? Offer, Instant CreatedAt)
{
    public const string Waiting = "waiting", Offered = "offered";

    public static readonly string[] Statuses = [Waiting, Offered, "accepted", "left", "lapsed"];

    [SchemaName("WaitlistOffer")]
    public sealed record Held(Guid SlotId, Guid DoctorId, Instant StartsAt, Instant EndsAt, Instant ExpiresAt);

    /// <summary>The columns that <see cref="Read"/> reads, in its order, of <see cref="Tables"/>.</summary>
    /// <remarks>An expired offer is not shown, before a job ends it.</remarks>
    public const string Columns = """
        e.id, e.doctor_id, e.specialization, e.booking_id, e.starts_from, e.starts_until,
        case when e.status = 'offered' and s.id is null then 'waiting' else e.status end, e.created_at,
        s.id, s.doctor_id, s.starts_at, s.ends_at, o.expires_at
        """;

    public const string Tables = """
        scheduling.waitlist_entries e
          left join scheduling.waitlist_offers o on o.entry_id = e.id and o.outcome is null
               and o.expires_at > statement_timestamp()
          left join scheduling.slots s on s.id = o.slot_id and s.held_by = e.patient_id
               and s.held_until > statement_timestamp()
        """;

    public static WaitlistEntry Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetGuidOrNull(1), row.GetStringOrNull(2), row.GetGuidOrNull(3), row.GetInstant(4),
            row.GetInstant(5), row.GetString(6),
            row.IsDBNull(8) ? null : new(row.GetGuid(8), row.GetGuid(9), row.GetInstant(10), row.GetInstant(11),
                row.GetInstant(12)),
            row.GetInstant(7));
}

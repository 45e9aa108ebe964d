using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>A kind of visit as a doctor offers it, with the length and the price that count for this doctor.</summary>
/// <param name="IsDefault">Whether a booking that names no kind is of this one.</param>
sealed record OfferedVisitType(Guid VisitTypeId, string Name, string? Description, int Minutes, string Mode,
    string? Address, bool First, int? FollowUpWithinDays, string BookableBy, int? FeeMinor, string Currency,
    bool Active, bool IsDefault)
{
    // More kinds than a patient would read.
    public const int Most = 50;

    /// <summary>The columns that <see cref="Read"/> reads, in its order, of
    /// <c>scheduling.visit_types_of_doctors v</c>.</summary>
    public const string Columns = """
        v.id, v.name, v.description, v.minutes, v.mode, v.address, v.first, v.follow_up_within_days, v.bookable_by,
        v.fee_minor, v.currency, v.active,
        coalesce(v.id = (select k.id from scheduling.default_visit_type(v.doctor_id) k), false)
        """;

    public static OfferedVisitType Read(NpgsqlDataReader row) => new(row.GetGuid(0), row.GetString(1),
        row.GetStringOrNull(2), row.GetInt32(3), row.GetString(4), row.GetStringOrNull(5), row.GetBoolean(6),
        row.GetInt32OrNull(7), row.GetString(8), row.GetInt32OrNull(9), row.GetString(10), row.GetBoolean(11),
        row.GetBoolean(12));
}

using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>The kind of visit that is wanted.</summary>
/// <param name="TypeId">Null for the doctor's default.</param>
/// <param name="ExpectedFee">The price that the patient saw; null if it does not matter.</param>
readonly record struct WantedVisit(Guid? TypeId = null, int? ExpectedFee = null);

/// <summary>A slot as the first of a visit, as judged.</summary>
/// <param name="Refusal">The code of the problem, or null.</param>
/// <param name="MoreSlots">The other slots that the visit takes.</param>
/// <param name="Json">The judgement as <see cref="Columns"/> read it, for the statement that books.</param>
sealed record VisitPlace(string? Refusal, Guid[] MoreSlots, string Json)
{
    /// <summary>The columns of a judgement for <c>jsonb_to_recordset</c>.</summary>
    public const string Columns = """
        slot_id uuid, visit_type_id uuid, visit jsonb, requires_confirmation boolean, cancellation_window interval,
        ends_at timestamptz, more_slots uuid[]
        """;

    public static VisitPlace Read(NpgsqlDataReader row) => new(row.GetStringOrNull(0),
        row.IsDBNull(1) ? [] : row.GetFieldValue<Guid[]>(1), row.GetString(2));
}

using System.Text.Json;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Scheduling.Contracts;

/// <summary>A kind of visit with the values that count for one doctor: as offered with a slot, or as a booking keeps
/// them.</summary>
/// <param name="FeeMinor">In the currency's smallest unit; null if no price is stated.</param>
[SchemaName("BookedVisitType")]
sealed record VisitTypeCopy(Guid Id, string Name, int Minutes, string Mode, string? Address, int? FeeMinor,
    string Currency)
{
    /// <param name="json">As <c>scheduling.copy_of_visit_type</c> makes it; null for none.</param>
    public static VisitTypeCopy? Read(string? json) =>
        json is null ? null : JsonSerializer.Deserialize(json, SchedulingJson.Wire.VisitTypeCopy);
}

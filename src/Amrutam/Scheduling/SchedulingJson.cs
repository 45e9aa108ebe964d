using System.Text.Json;
using System.Text.Json.Serialization;
using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Contracts;
using Amrutam.Scheduling.Slots;

namespace Amrutam.Scheduling;

/// <summary>JSON metadata of the most frequent types, generated at compile time, so that they need no
/// reflection.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(BookSlot.Request), TypeInfoPropertyName = "BookSlotRequest")]
[JsonSerializable(typeof(Booking))]
[JsonSerializable(typeof(Page<Booking>))]
[JsonSerializable(typeof(Slot))]
[JsonSerializable(typeof(Page<Slot>))]
[JsonSerializable(typeof(VisitTypeCopy))]
sealed partial class SchedulingJson : JsonSerializerContext
{
    /// <summary>With the options of every request and response.</summary>
    public static SchedulingJson Wire { get; } = new(Json.Configure(new(JsonSerializerOptions.Strict)));
}

using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Steps;

namespace Amrutam.Scheduling.Desk;

/// <summary>The words of the front desk in the API's description.</summary>
static class DeskTerms
{
    static readonly string[] Lists = ["listClinicBookings", "downloadClinicBookings"];

    static readonly Dictionary<string, Field> Own = new(StringComparer.Ordinal)
    {
        ["doctor_name"] = new("The doctor's name.", "Dr. Meera Nair"),
        ["DeskBooking.patient"] = new("The patient."),
        ["DeskBooking.status"] = new("The state of the booking.", LifeCycle.Confirmed) { Words = LifeCycle.Statuses },
    };

    public static readonly IEnumerable<KeyValuePair<string, Field>> Fields = Own.Concat(Lists.SelectMany(OfList));

    static IEnumerable<KeyValuePair<string, Field>> OfList(string list) =>
    [
        new(list + ".doctor_id", new("Only bookings of this doctor.")),
        new(list + ".patient_id", new("Only bookings of this patient.")),
        new(list + ".status", new("Only bookings in this state.", LifeCycle.Confirmed) { Words = LifeCycle.Statuses }),
        new(list + ".from", new("The first start.", "2030-01-07T00:00:00Z")),
        new(list + ".to", new("The instant before which bookings start.", "2030-01-08T00:00:00Z")),
        new(list + ".sort", new("The order: `starts_at` is the soonest first, `-starts_at` the latest.", "-starts_at")
        {
            Words = ListBookings.Sorts,
        }),
    ];
}

using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Policies;
using Amrutam.Scheduling.Bookings.Steps;

namespace Amrutam.Scheduling.Desk;

/// <summary>The words of the front desk in the API's description.</summary>
static class DeskTerms
{
    static readonly string[] Lists = ["listClinicBookings", "downloadClinicBookings"];

    static readonly Dictionary<string, Field> Own = new(StringComparer.Ordinal)
    {
        ["doctor_name"] = new("The doctor's name.", "Dr. Meera Nair"),
        ["walk_ins_per_day"] = new("How many patients a day may come without a booking; 0 for none.", 10)
        {
            Minimum = 0, Maximum = ChangePolicy.MaxWalkIns,
        },
        ["DayItem.status"] = new("The state of the visit, or of a patient without one.", LifeCycle.CheckedIn)
        {
            Words = [.. LifeCycle.Statuses, ReadDay.Waiting, ReadDay.Called],
        },
        ["DayItem.patient"] = new("The patient."),
        ["DayItem.starts_at"] = new("The start of the visit; null for a walk-in without a slot."),
        ["DayItem.ends_at"] = new("The end of the visit; null for a walk-in without a slot."),
        ["readDay.date"] = new("The date in the doctor's time zone; today if not given.", "2030-01-07"),
        ["readDay.doctor_id"] = new("The doctor; a doctor may leave out the own id."),
        ["QueueEntry.starts_at"] = new("The start of the visit; null without a slot."),
        ["QueueEntry.token"] = new("The number that the patient is called by.", 4),
        ["DayItem.token"] = new("The number of the patient in the queue; null before the patient came.", 3),
        ["arrived_at"] = new("Since when the patient waits."),
        ["called_at"] = new("When the doctor called the patient; null before."),
        ["waited_seconds"] = new("The time from the arrival until the call; null before.", 1200),
        ["place"] = new("The place in the queue, from 1; null for a patient who does not wait.", 1),
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

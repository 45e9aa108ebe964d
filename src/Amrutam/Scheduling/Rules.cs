using Amrutam.Platform;

namespace Amrutam.Scheduling;

/// <summary>The rules that may refuse a change of the calendar; where a constraint holds one, the code is its
/// name.</summary>
static class Rules
{
    public static readonly Problem DoctorHasNoProfile =
        new(409, "doctor_has_no_profile", "Create your doctor profile before publishing slots");
    public static readonly Problem SlotsOfADoctorDoNotOverlap =
        new(409, "slots_of_a_doctor_do_not_overlap", "You have another slot at that time");
    public static readonly Problem SlotIsInThePast = new(422, "slot_is_in_the_past", "A slot must start in the future");
    public static readonly Problem SlotIsTooLong =
        new(422, "slot_is_at_most_12_hours", "A slot lasts at most 12 hours");
    public static readonly Problem LocalTimeDoesNotExist =
        new(422, "local_time_does_not_exist", "The clocks skip that local time on that day");
    public static readonly Problem SlotIsBooked =
        new(409, "slot_is_booked", "The slot is booked; cancel its booking first");

    public static readonly Problem SlotIsInTimeOff = new(409, "slot_is_in_time_off",
        "You have taken time off then; take it back or shorten it first");

    public static readonly Problem AvailabilityNeedsIfMatch = new(428, "availability_needs_if_match",
        "Send If-Match with the ETag of the availability that you mean to replace");
    public static readonly Problem AvailabilityIsStale = new(412, "availability_is_stale",
        "The availability was replaced since you read it; read it again");
    public static readonly Problem BookingsInTheWay = new(409, "bookings_in_the_way",
        "There are bookings in that time; cancel or move them, here or by name");
    public static readonly Problem NoEqualSlotIsOpen = new(409, "no_equal_slot_is_open",
        "There is no open slot of the same length for some of the bookings, so none was moved");
    public static readonly Problem TooMuchTimeOff = new(422, "too_much_time_off",
        "You have as much time off ahead as can be kept");

    public static readonly Problem OneActiveBookingPerSlot =
        new(409, "one_active_booking_per_slot", "The slot is already booked");
    public static readonly Problem SlotIsClosed = new(409, "slot_is_closed", "The doctor has closed this slot");
    public static readonly Problem SlotIsHeld =
        new(409, "slot_is_held", "Somebody is about to book this slot; it may be free again in a few minutes");
    public static readonly Problem SlotHasStarted = new(422, "slot_has_started", "The slot has already started");
    public static readonly Problem MinimumNotice = new(422, "minimum_notice",
        "The doctor asks for more notice than is left before this slot");
    public static readonly Problem BookingsOfAPatientDoNotOverlap =
        new(409, "bookings_of_a_patient_do_not_overlap", "You have another booking at that time");
    public static readonly Problem TooManyOpenBookings =
        new(422, "too_many_open_bookings", "You have as many bookings ahead as one patient may have");
    public static readonly Problem TooManyOpenBookingsWithDoctor = new(422, "too_many_open_bookings_with_this_doctor",
        "You have as many bookings ahead with this doctor as one patient may have");

    public static readonly Problem KeyReused =
        new(422, "idempotency_key_reused", "This Idempotency-Key was used for another request");

    public static readonly Problem StepNotAllowed =
        new(409, "step_not_allowed", "The booking's present state does not allow this");
    public static readonly Problem BookingHasNotStarted =
        new(422, "booking_has_not_started", "The booking has not started yet");
    public static readonly Problem BookingHasStarted =
        new(422, "booking_has_started", "The booking has already started");

    /// <summary>What a booking or a move may be refused for.</summary>
    public static readonly Problem[] OfBooking = [OneActiveBookingPerSlot, SlotIsClosed, SlotIsHeld, SlotHasStarted,
        MinimumNotice, BookingsOfAPatientDoNotOverlap, TooManyOpenBookings, TooManyOpenBookingsWithDoctor,
        Problems.Absent, KeyReused];

    static readonly Dictionary<string, Problem> ByCode = OfBooking
        .ToDictionary(rule => rule.Code, StringComparer.Ordinal);

    /// <summary>The rule that a statement named in its answer, or a constraint in its error.</summary>
    public static Problem Named(string code) => ByCode[code];

    public static bool Knows(string? constraint) => constraint is not null && ByCode.ContainsKey(constraint);
}

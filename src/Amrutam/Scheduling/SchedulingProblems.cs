using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;

namespace Amrutam.Scheduling;

/// <summary>The problems of the calendar. Where a constraint holds the rule, the code is its name.</summary>
static class SchedulingProblems
{
    public static readonly Problem DoctorHasNoProfile =
        new(409, "doctor_has_no_profile", "Create your doctor profile before publishing slots");
    public static readonly Problem SlotsOfADoctorDoNotOverlap =
        new(409, "slots_of_a_doctor_do_not_overlap", "You have another slot at that time; choose another time");
    public static readonly Problem SlotIsInThePast = new(422, "slot_is_in_the_past", "A slot must start in the future");
    public static readonly Problem SlotIsTooLong =
        new(422, "slot_is_at_most_12_hours", "A slot lasts at most 12 hours");
    public static readonly Problem SlotIsTooShort =
        new(422, "slot_is_at_least_1_minute", "A slot lasts at least a minute");
    public static readonly Problem LocalTimeDoesNotExist =
        new(422, "local_time_does_not_exist", "The clocks skip that local time on that day; choose another time");
    public static readonly Problem SlotIsBooked =
        new(409, "slot_is_booked", "The slot is booked; cancel its booking first");

    public static readonly Problem SlotIsInTimeOff = new(409, "slot_is_in_time_off",
        "You have time off then; withdraw it first");

    public static readonly Problem AvailabilityNeedsIfMatch = new(428, "availability_needs_if_match",
        "Send If-Match with the ETag of the availability that you replace");
    public static readonly Problem AvailabilityIsStale = new(412, "availability_is_stale",
        "The availability was replaced since you read it; read it again");
    public static readonly Problem BookingsInTheWay = new(409, "bookings_in_the_way",
        "There are bookings in that time; cancel or move them first");
    public static readonly Problem NoEqualSlotIsOpen = new(409, "no_equal_slot_is_open",
        "Some of the bookings have no later open slot of the same length, so none was moved; publish more slots");
    public static readonly Problem TooMuchTimeOff = new(422, "too_much_time_off",
        "You have reached the limit of time off ahead; withdraw some first")
    { IsLimit = true };

    public static readonly Problem OneActiveBookingPerSlot =
        new(409, "one_active_booking_per_slot", "The slot is already booked; choose another slot");
    public static readonly Problem SlotIsClosed = new(409, "slot_is_closed",
        "The doctor has closed this slot; choose another slot");
    public static readonly Problem SlotIsHeld =
        new(409, "slot_is_held", "Another patient is about to book this slot; try again in a few minutes");
    public static readonly Problem DoctorIsNotBookable = new(409, "doctor_is_not_bookable",
        "This doctor takes no bookings at present; choose another doctor");
    public static readonly Problem NobodyBooksThemself = new(422, "nobody_books_themself",
        "You published this slot yourself; book another doctor's");
    public static readonly Problem SlotHasStarted = new(422, "slot_has_started",
        "The slot has already started; choose a later slot");
    public static readonly Problem MinimumNotice = new(422, "minimum_notice",
        "This doctor needs more notice than is left before this slot; choose a later slot");
    public static readonly Problem BookingsOfAPatientDoNotOverlap =
        new(409, "bookings_of_a_patient_do_not_overlap", "You have another booking at that time; choose another time");
    public static readonly Problem TooManyOpenBookings =
        new(422, "too_many_open_bookings", "You have reached the limit of open bookings of a patient; cancel one first")
        { IsLimit = true };
    public static readonly Problem TooManyOpenBookingsWithDoctor = new(422, "too_many_open_bookings_with_this_doctor",
        "You have reached the limit of open bookings with this doctor; cancel one first")
    { IsLimit = true };

    public static readonly Problem CoolDown = new(429, "cool_down_after_cancellations",
        "You have given up many slots within the hour; wait a while before you take another")
    { IsLimit = true };
    public static readonly Problem PatientNotFound =
        new(404, "patient_not_found", "You have no such patient; book for yourself or for one of your patients");
    public static readonly Problem PatientIsOfAge = new(409, "patient_is_of_age",
        "Your child is of age; ask the child to agree before you book again");
    public static readonly Problem NoDoctorIsFree =
        new(409, "no_doctor_is_free", "No doctor of that specialization is free at that time; choose another time");

    public static readonly Problem NoSuchSpecialization = new(422, "no_such_specialization",
        "No doctor has that specialization; specializations names those near it");

    public static readonly Problem TooManyHolds =
        new(422, "too_many_holds", "You have reached the limit of held slots; book or release one first")
        { IsLimit = true };
    public static readonly Problem SlotRests = new(429, "slot_rests_after_a_hold",
        "You held this slot a short while ago; book it, or let others have it")
    { IsLimit = true };
    public static readonly Problem TooManySeries =
        new(422, "too_many_series", "You have reached the limit of open series; cancel one first") { IsLimit = true };
    public static readonly Problem NoSlotAtThatTime =
        new(409, "no_slot_at_that_time", "The doctor has no slot at that time; choose another time");
    public static readonly Problem SeriesIsNotPossible =
        new(409, "series_is_not_possible", "The series cannot be booked as asked; see the report");

    public static readonly Problem TooManyWaitlistEntries =
        new(422, "too_many_waitlist_entries", "You have reached the limit of waiting lists; leave one first")
        { IsLimit = true };
    public static readonly Problem AlreadyInThisLine =
        new(409, "already_in_this_line",
        "You are already on this waiting list for overlapping times; wait for an offer");
    public static readonly Problem OfferIsOver =
        new(409, "offer_is_over",
        "There is no open offer: it was answered, it expired, or none was made; wait for the next one");
    public static readonly Problem EntryIsOver =
        new(409, "waitlist_entry_is_over", "You are no longer on this waiting list; join it again");

    public static readonly Problem StepNotAllowed =
        new(409, "step_not_allowed", "The booking's present state does not allow this; read the booking again");
    public static readonly Problem BookingHasNotStarted =
        new(422, "booking_has_not_started", "The booking has not started yet; try again after its start");
    public static readonly Problem BookingHasStarted =
        new(422, "booking_has_started", "The booking has already started, so it is too late for this");

    public static readonly Problem VisitIsNotOpen = new(409, "visit_is_not_open",
        "Check-in, start and completion open shortly before the booking; try again at opens_at");

    /// <summary>The member of <see cref="VisitIsNotOpen"/> with the time.</summary>
    public const string OpensAt = "opens_at";

    public static readonly Problem UndoIsTooLate =
        new(422, "undo_is_too_late", "A step can be undone for ten minutes, and that time is over");
    public static readonly Problem CancellationWindowHasPassed = new(422, "cancellation_window_has_passed",
        "It is too late for the patient to change this booking; ask the doctor or the staff");
    public static readonly Problem MoveNeedsConfirmation = new(422, "move_needs_confirmation",
        "This doctor confirms every time: request the new slot, then cancel this booking");
    public static readonly Problem SlotIsOfAnotherDoctor = new(422, "slot_is_of_another_doctor",
        "The slot belongs to another doctor; send to_other_doctor to change the doctor");
    public static readonly Problem NoVisitCanBeCancelled = new(409, "no_visit_can_be_cancelled",
        "None of these visits of the series can be cancelled; see visits");
    public static readonly Problem RevisionIsStale =
        new(412, "revision_is_stale", "The booking has changed since you read it; read it again");

    public static readonly Problem VisitTypeNotOffered = new(409, "visit_type_not_offered",
        "That kind of visit is not offered; choose another kind");
    public static readonly Problem SlotTooShort = new(409, "slot_too_short",
        "There is not enough free time at this slot for that kind of visit; choose another slot");
    public static readonly Problem SlotIsForOtherVisits = new(409, "slot_is_for_other_visits",
        "The doctor keeps this slot for other kinds of visit; choose another slot");
    public static readonly Problem FollowUpNeedsAFirstVisit = new(409, "follow_up_needs_a_first_visit",
        "A follow-up needs a recent completed visit with this doctor; book a first visit");
    public static readonly Problem PriceHasChanged = new(409, "price_has_changed",
        "The price is not the expected one; see visit_type for the present price");
    public static readonly Problem VisitTypeIsStale = new(412, "visit_type_is_stale",
        "The kind of visit has changed since you read it; read it again");
    public static readonly Problem PatientIsWaiting = new(409, "patient_is_waiting",
        "The patient waits for this doctor already; see the day");
    public static readonly Problem TooManyWalkIns = new(422, "too_many_walk_ins",
        "The doctor sees no more patients without a booking today; book another day")
    { IsLimit = true };
    public static readonly Problem NobodyIsWaiting = new(409, "nobody_is_waiting", "Nobody waits in your queue now");

    public static readonly Problem TooManyRows = new(422, "too_many_rows",
        "These are more bookings than one file holds; choose a shorter time")
    { IsLimit = true };

    /// <summary>The problems of a slot that another slot would not have.</summary>
    public static readonly Problem[] OfSlot = [OneActiveBookingPerSlot, SlotIsClosed, SlotIsHeld, DoctorIsNotBookable,
        SlotTooShort, SlotIsForOtherVisits];

    /// <summary>The problems of every route that books, holds, moves or accepts a slot: those that
    /// <c>scheduling.bookability</c> names.</summary>
    public static readonly Problem[] OfBooking = [.. OfSlot, SlotHasStarted, MinimumNotice, NobodyBooksThemself,
        BookingsOfAPatientDoNotOverlap, TooManyOpenBookings, TooManyOpenBookingsWithDoctor, CoolDown,
        PatientNotFound, PatientIsOfAge, CommonProblems.Absent, IdempotencyProblems.KeyReused];

    /// <summary>The problems of a kind of visit, on every route that books one.</summary>
    public static readonly Problem[] OfVisit = [VisitTypeNotOffered, FollowUpNeedsAFirstVisit, PriceHasChanged];

    /// <summary>The problems of a step in a booking's life.</summary>
    public static readonly Problem[] OfStep = [CommonProblems.Absent, StepNotAllowed, RevisionIsStale,
        IdempotencyProblems.KeyReused];

    static readonly Dictionary<string, Problem> ByCode = OfBooking.Concat(OfVisit)
        .ToDictionary(rule => rule.Code, StringComparer.Ordinal);

    /// <summary>The problem with a code that a statement returned, or with the name of a constraint.</summary>
    public static Problem Named(string code) => ByCode[code];

    /// <summary>Whether the problem is that the account may not book for the patient, whatever the slot.</summary>
    public static bool IsAboutBookingFor(string? code) => code == PatientNotFound.Code || code == PatientIsOfAge.Code;

    public static bool Knows(string? constraint) => constraint is not null && ByCode.ContainsKey(constraint);
}

using System.Collections.Frozen;
using Amrutam.Platform.Http;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Policies;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Contracts;
using Amrutam.Scheduling.Desk;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.Slots;
using Amrutam.Scheduling.TimeOff;
using Amrutam.Scheduling.VisitTypes;
using Amrutam.Scheduling.Waitlist;
using NodaTime;

namespace Amrutam.Scheduling;

/// <summary>The words of the calendar in the API's description.</summary>
static class SchedulingTerms
{
    static readonly string[] Parties = [Allow.Patient, Allow.Doctor];

    static readonly Dictionary<string, Field> Slots = new(StringComparer.Ordinal)
    {
        ["slot_id"] = new("The slot."),
        ["doctor_id"] = new("The doctor."),
        ["starts_at"] = new("The start."),
        ["ends_at"] = new("The end."),
        ["date"] = new("The date in the doctor's time zone."),
        ["start_time"] = new("The start on the doctor's wall clock."),
        ["end_time"] = new("The end on the doctor's wall clock."),
        ["time"] = new("The time of day on the doctor's wall clock."),
        ["Slot.status"] = new("The state of the slot.", "open") { Words = ListOwnSlots.Statuses },
        ["listOwnSlots.status"] = new("Only slots in this state.", "open") { Words = ListOwnSlots.Statuses },
        ["listOwnSlots.from"] = new("The first date, in the doctor's time zone.", "2030-01-07"),
        ["listOwnSlots.to"] = new("The last date, in the doctor's time zone.", "2030-01-13"),
        ["listOpenSlots.from"] = new("The first date, in the doctor's time zone.", "2030-01-07"),
        ["listOpenSlots.to"] = new("The last date, in the doctor's time zone.", "2030-01-13"),
        ["listOpenSlots.visit_type_id"] = new("Only slots at which a visit of this kind fits."),
        ["Slot.visit_type"] = new("The kind of visit that was asked for, with its price."),
        ["explainTime.visit_type_id"] = new("The kind of visit; the doctor's default if not given."),
        ["explainTime.at"] = new("The instant that the question is about."),
        ["bookable"] = new("Whether the time can be booked."),
        ["ExplainTimeResponse.code"] = new("The reason, for programs.", "bookable") { Words = ExplainTime.Codes },
        ["explanation"] = new("The reason as a sentence."),
    };

    static readonly Dictionary<string, Field> Schedule = new(StringComparer.Ordinal)
    {
        ["weekday"] = new("The weekday on which the time begins.", "monday") { Words = ScheduleRule.Weekdays },
        ["ScheduleRule.from"] = new("The begin on the doctor's wall clock, 00:00 to 23:59.", "09:00"),
        ["ScheduleRule.to"] = new("The end; `24:00` ends the day. An end before `from` is on the next day.", "13:00"),
        ["slot_minutes"] = new("The length of each slot in minutes.", 30)
        {
            Minimum = ScheduleRule.ShortestSlot, Maximum = ScheduleRule.LongestSlot,
        },
        ["gap_minutes"] = new("The free time after each slot in minutes.", 5)
        {
            Minimum = 0, Maximum = ScheduleRule.LongestGap,
        },
        ["valid_from"] = new("The first date of the rule; null for no limit."),
        ["valid_to"] = new("The last date of the rule; null for no limit."),
        ["visit_type_ids"] = new("The kinds of visit that the rule serves; none for every kind.")
        {
            MaxItems = ScheduleRule.MostVisitTypes,
        },
        ["visit_types"] = new("The kinds of visit that the doctor offers, with the slots at which they can begin."),
        ["PreviewedVisitType.name"] = new("The name of the kind.", "First consultation"),
        ["PreviewedVisitType.slots"] = new("At how many slots a visit of the kind can begin.", 120),
        ["PreviewedVisitType.code"] = new("The reason why there is no such slot; null if there is one.",
            SchedulingProblems.SlotTooShort.Code)
        {
            Words = [SchedulingProblems.SlotTooShort.Code, SchedulingProblems.SlotIsForOtherVisits.Code],
        },
        ["rules"] = new("The weekly rules; none overlaps another.") { MaxItems = WeeklySchedule.MostRules },
        ["minimum_notice_minutes"] = new("The last booking of a slot is this long before its start.", 60)
        {
            Minimum = 0, Maximum = WeeklySchedule.LongestNotice,
        },
        ["horizon_days"] = new("How many days ahead slots are made.", WeeklySchedule.DefaultHorizon)
        {
            Minimum = 1, Maximum = WeeklySchedule.LongestHorizon,
        },
        ["slots_added"] = new("How many slots become open."),
        ["slots_removed"] = new("How many open slots close."),
        ["slots_kept"] = new("How many slots stay, booked ones included."),
        ["slots_closed"] = new("How many open slots closed."),
        ["bookings_outside"] = new("Bookings that no new rule covers. They stay."),
        ["bookings_cancelled"] = new("The bookings that were cancelled."),
        ["bookings_moved"] = new("The bookings that were moved to a later slot, with their times before and after."),
        ["to_slot_id"] = new("The slot after the move."),
        ["to_starts_at"] = new("The start after the move."),
        ["to_ends_at"] = new("The end after the move."),
        ["TakeTimeOffRequest.reason"] = new("The reason, which the patients of cancelled and moved bookings read.",
            "I am at a congress")
        {
            MaxLength = BookSlot.MaxReason,
        },
        ["added"] = new("The first 100 slots that would be added."),
        ["removed"] = new("The first 100 slots that would be closed."),
        ["local_times_skipped"] = new("Times that the clock skips, so that no slot is in them."),
        ["local_times_repeated"] = new("Times that come twice, so that slots are in both."),
        ["from"] = new("The begin."),
        ["to"] = new("The end, not included."),
        ["TakeTimeOffRequest.from"] = new("A date in the doctor's time zone, or an instant with offset.", "2030-01-07"),
        ["TakeTimeOffRequest.to"] = new("The last date, included; or an instant with offset, not included.",
            "2030-01-11"),
        ["TakeTimeOffRequest.bookings"] = new("The treatment of bookings in that time; `refuse` if not given.",
            ClearBookings.Move)
        {
            Words = TakeTimeOff.Ways,
        },
    };

    static readonly Dictionary<string, Field> Bookings = new(StringComparer.Ordinal)
    {
        ["Booking.patient"] = new("The patient, where the doctor reads the booking; absent elsewhere."),
        ["booking_id"] = new("The booking; null if there is none."),
        ["patient_id"] = new("The patient. The own record of an account has the account's id."),
        ["booked_by"] = new("The account that made the booking."),
        ["Booking.status"] = new("The state of the booking; `moved` for the doctor who had it before.",
            LifeCycle.Confirmed)
        {
            Words = ListBookings.Statuses,
        },
        ["listBookings.status"] = new("Only bookings in this state.", LifeCycle.Confirmed)
        {
            Words = ListBookings.Statuses,
        },
        ["listBookings.series_id"] = new("Only bookings of this series."),
        ["listBookings.sort"] = new("The order: `starts_at` is the soonest first, `-starts_at` the latest.",
            "-starts_at")
        {
            Words = ListBookings.Sorts,
        },
        ["from_booking_id"] = new("The first visit to cancel; null for the whole series."),
        ["visits"] = new("The outcome of each visit: `cancelled`, or the code of the problem."),
        ["to_other_doctor"] = new("Whether the slot may be of another doctor."),
        ["listBookings.from"] = new("The first start.", "2030-01-07T00:00:00Z"),
        ["listBookings.to"] = new("The instant before which bookings start.", "2030-01-08T00:00:00Z"),
        ["from_status"] = new("The state before; null for the first entry.", LifeCycle.Requested)
        {
            Words = LifeCycle.Statuses,
        },
        ["to_status"] = new("The state after.", LifeCycle.Confirmed) { Words = LifeCycle.Statuses },
        ["from_slot_id"] = new("The slot before a move; null for other entries."),
        ["revision"] = new("A number that increases with each change."),
        ["visit_type"] = new("The kind of visit as booked; null if the doctor offers none."),
        ["BookSlotRequest.visit_type_id"] = new("The kind of visit; the doctor's default if not given."),
        ["expected_fee_minor"] = new("The price that the caller saw. Another price is refused.", 80_000)
        {
            Minimum = 0,
        },
        ["BookSeriesRequest.visit_type_id"] = new("The kind of each visit; the doctor's default if not given."),
        ["BookedVisitType.name"] = new("The name of the kind.", "First consultation"),
        ["BookedVisitType.minutes"] = new("The length of the visit in minutes.", 45),
        ["BookedVisitType.mode"] = new("How doctor and patient meet.", "in_person"),
        ["BookedVisitType.fee_minor"] = new("The price; null if none is stated.", 80_000),
        ["reason"] = new("The reason, as text for people.", "Follow-up") { MaxLength = BookSlot.MaxReason },
        ["series_id"] = new("The series of the booking; null without one."),
        ["cancellation_reason"] = new("The reason of the cancellation or the decline."),
        ["cancelled_minutes_ahead"] = new("How many minutes before the start it was cancelled.", 2880),
        ["from_starts_at"] = new("The start before a move; null for other entries."),
        ["outcome"] = new("The state of the booking, or the code of the problem.", LifeCycle.Confirmed),
        ["waitlist_entry_id"] = new("The place in line that the slot is offered to; null for a hold of one's own."),
        ["offer"] = new("The slot that is held for the patient; null if there is none."),
        ["cancelled_by"] = new("The role that cancelled; null if nobody did.", Allow.Patient),
        ["no_show_party"] = new("The party that did not come; null if both did.", Allow.Patient) { Words = Parties },
        ["party"] = new("The party that did not come.", Allow.Patient) { Words = Parties },
        ["between"] = new("A range for the start, instead of `starts_at`."),
        ["BookSlotRequest.starts_at"] = new("The start, for any doctor of the specialization."),
        ["BookSlotRequest.specialization"] = new("Any doctor of this specialization, instead of a slot.", "Ayurveda")
        {
            MaxLength = BookSlot.MaxSpecialization,
        },
        ["occurrences"] = new("How many bookings the series has.", 6)
        {
            Minimum = 2, Maximum = BookSeries.MaxOccurrences,
        },
        ["every_weeks"] = new("The distance between two bookings in weeks.", 1)
        {
            Minimum = 1, Maximum = BookSeries.MaxWeeks,
        },
        ["mode"] = new("`all_or_nothing`, or as many as are `possible`.", BookSeries.AllOrNothing)
        {
            Words = [BookSeries.AllOrNothing, BookSeries.Possible],
        },
        ["bookings"] = new("The bookings."),
        ["report"] = new("The outcome of each occurrence."),
        ["cancellation_window_minutes"] = new("A patient's last change is this long before the start.", 1440)
        {
            Minimum = 0, Maximum = ChangePolicy.MaxMinutes,
        },
        ["requires_confirmation"] = new("Whether a booking is a request until the doctor accepts it."),
        ["confirmation_minutes"] = new("How long a request waits for its answer, at most until its start.", 120)
        {
            Minimum = 1, Maximum = ChangePolicy.MaxMinutes,
        },
        ["WaitlistEntry.status"] = new("The state of the entry.", WaitlistEntry.Waiting)
        {
            Words = WaitlistEntry.Statuses,
        },
        ["rule"] = new("The rule that chose the doctor.", "least_loaded"),
        ["bookings_that_week"] = new("How many bookings the doctor has within half a week of the slot."),
        ["doctors_free"] = new("How many doctors were free."),
        ["SlotChoice.because"] = new("The reason as a sentence."),
    };

    public static readonly ApiTerms All = new()
    {
        Tags = new Dictionary<string, ApiTag>(StringComparer.Ordinal)
        {
            ["Slots"] = new(3, "Times that doctors offer, and holds of patients on them."),
            ["Availability"] = new(7, "A doctor's weekly rules and time off, from which slots are made."),
            ["Bookings"] = new(4, "Bookings, the steps of their life, and the policy of each doctor."),
            ["Kinds of visit"] = new(8, "The clinic's catalogue of visits, and what each doctor offers."),
            ["Front desk"] = new(11, "The clinic's day and its bookings, for staff and admins."),
            ["Waiting list"] = new(6, "Places in line for a slot that becomes free."),
        }.ToFrozenDictionary(StringComparer.Ordinal),
        ExampleIds = new Dictionary<string, Guid>(StringComparer.Ordinal)
        {
            ["/api/slots/{id}"] = Examples.SlotId, ["/api/bookings/{id}"] = Examples.BookingId,
            ["/api/availability/time-off/{id}"] = Examples.TimeOff.Id, ["/api/waitlist/{id}"] = Examples.Waiting.Id,
            ["/api/visit-types/{id}"] = VisitTypeExamples.Id,
            ["/api/admin/visit-types/{id}"] = VisitTypeExamples.Id,
        },
        Fields = Slots.Concat(Schedule).Concat(Bookings).Concat(VisitTypeTerms.All).Concat(DeskTerms.Fields)
            .ToFrozenDictionary(StringComparer.Ordinal),
        Extensions =
        [
            new("Problem", "alternatives", "Open slots near the one that was refused, the nearest first.", typeof(Slot),
                IsList: true),
            new("Problem", "bookings", "The bookings that prevent the change, the first hundred at most.",
                typeof(ConflictingBooking),
                IsList: true),
            new("Problem", SchedulingProblems.OpensAt, "When check-in, start and completion become possible.",
                typeof(Instant)),
            new("Problem", "slots", "Your slots at that time.", typeof(Slot), IsList: true),
            new("Problem", "visit_type", "The kind of visit as it is offered now.", typeof(VisitTypeCopy)),
            new("Problem", "fee_minor", "The present price in the smallest unit of the currency.", typeof(int)),
            new("Problem", "specializations", "Specializations of doctors that are spelled alike.", typeof(string),
                IsList: true),
            new("Problem", "visits", "The outcome of each visit of the series.", typeof(CancelSeries.Visit),
                IsList: true),
            new("Problem", "report", "The outcome of each occurrence of the series.", typeof(BookSeries.Occurrence),
                IsList: true),
            new("Booking", "chosen", "Why this doctor was chosen; only after a booking by specialization.",
                typeof(AnyDoctor.Choice)),
        ],
    };
}

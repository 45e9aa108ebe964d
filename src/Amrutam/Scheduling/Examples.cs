using Amrutam.Identity.Contracts;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Holds;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Desk;
using Amrutam.Scheduling.Queue;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.Slots;
using Amrutam.Scheduling.TimeOff;
using Amrutam.Scheduling.VisitTypes;
using Amrutam.Scheduling.Waitlist;
using NodaTime;

namespace Amrutam.Scheduling;

/// <summary>Examples of the calendar's requests and responses for OpenAPI: one patient, one doctor and one
/// Monday.</summary>
static class Examples
{
    const string Zone = "Asia/Kolkata";

    public static readonly Guid Doctor = ExampleAccounts.Doctor;
    public static readonly Guid SlotId = Guid.Parse(ExampleValues.Id);
    static readonly Guid LaterSlot = Guid.Parse("0193f7f2-5b1e-7c3a-9f2e-1f4b8c9d0e12");
    static readonly Guid Patient = ExampleAccounts.Patient;
    public static readonly Guid BookingId = Guid.Parse("0193f7f3-6c2f-7d4b-8a3f-205c9dae1f21");

    static readonly Instant Starts = Instant.FromUtc(2030, 1, 7, 4, 0), Ends = Starts + Duration.FromMinutes(30);
    static readonly Instant Asked = Instant.FromUtc(2030, 1, 4, 9, 12, 31);

    public static readonly Slot Open = Slot.Of(SlotId, Doctor, Starts, Ends, Zone, "open");

    public static readonly HoldSlot.Hold Held = new(SlotId, Asked + Duration.FromMinutes(5));

    public static readonly ListHolds.Hold OwnHold =
        new(SlotId, Doctor, Starts, Ends, Asked + Duration.FromMinutes(5), WaitlistEntryId: null);

    public static readonly Booking Confirmed = new(BookingId, SlotId, Doctor, Patient, Patient, SeriesId: null,
        LifeCycle.Confirmed, Starts, Ends, VisitType: null, ExpiresAt: null, "Follow-up",
        CancelledBy: null, CancellationReason: null,
        CancelledMinutesAhead: null, NoShowParty: null, Revision: 0, Asked);

    public static readonly DeskBooking AtTheDesk = new(BookingId, SlotId, Doctor, "Dr. Meera Nair", Patient,
        new(Patient, "Asha Rao", 34, "female", "+919876543210", "hi"), SeriesId: null, LifeCycle.Confirmed, Starts,
        Ends, CancelledBy: null, CancelledMinutesAhead: null, NoShowParty: null, Revision: 0, Asked);

    public static readonly Booking BookedAtDesk = Confirmed;

    public static readonly ReadDay.Item OfDay = new(BookingId, Starts, Ends, LifeCycle.CheckedIn, AtTheDesk.Patient,
        Token: 3, Starts - Duration.FromMinutes(12), CalledAt: null, Place: 1);

    public static readonly QueueEntry WalkedIn = new(Guid.Parse("0193f7f7-a063-717f-ae73-649fd13e5365"), Doctor,
        Patient, Token: 4, BookingId: null, StartsAt: null, Starts, CalledAt: null, WaitedSeconds: null);

    public static readonly QueueEntry Called = WalkedIn with
    {
        CalledAt = Starts + Duration.FromMinutes(20),
        WaitedSeconds = 1200,
    };

    public static readonly Booking Moved = Confirmed with
    {
        SlotId = LaterSlot,
        StartsAt = Ends,
        EndsAt = Ends + Duration.FromMinutes(30),
        Revision = 1,
    };

    public static readonly Booking Cancelled = Confirmed with
    {
        Status = LifeCycle.Cancelled,
        CancelledBy = "patient",
        CancellationReason = "I am travelling that day",
        CancelledMinutesAhead = 2880,
        Revision = 1,
    };

    public static readonly Booking Declined = Confirmed with
    {
        Status = LifeCycle.Declined,
        CancellationReason = "Please see a surgeon about this",
        Revision = 1,
    };

    public static readonly Booking NoShow = Confirmed with
    {
        Status = LifeCycle.NoShow,
        NoShowParty = "patient",
        Revision = 1,
    };

    public static readonly BookSeries.Series Series = new(Guid.Parse("0193f7f4-7d30-7e5c-9b40-316dae0b2032"),
        [Confirmed with { SeriesId = Guid.Parse("0193f7f4-7d30-7e5c-9b40-316dae0b2032") }],
        [new(new(2030, 1, 7), Starts, LifeCycle.Confirmed, BookingId),
            new(new(2030, 1, 14), Starts + Duration.FromDays(7), SchedulingProblems.OneActiveBookingPerSlot.Code,
                null)]);

    public static readonly CancelSeries.Response CancelledSeries = new(Series.Id,
        [Cancelled with { SeriesId = Series.Id }], [new(BookingId, Starts, LifeCycle.Cancelled)]);

    public static readonly ReadHistory.Entry[] History = [
        new(0, "booked", null, LifeCycle.Confirmed, "patient", "Follow-up", null, null, Asked),
        new(1, "moved", LifeCycle.Confirmed, LifeCycle.Confirmed, "patient", null, LaterSlot, Ends,
            Asked + Duration.FromHours(2)),
    ];

    public static readonly WeeklySchedule Week = new(
        [new("monday", "09:00", "13:00", SlotMinutes: 30), new("friday", "22:00", "02:00", SlotMinutes: 30)],
        MinimumNoticeMinutes: 60);

    static readonly ConflictingBooking[] InTheWay = [new(BookingId, SlotId, Starts, Ends)];

    public static readonly ReadAvailability.Response Availability =
        new(Week.Rules, Week.MinimumNoticeMinutes, Week.HorizonDays, Zone);

    public static readonly ReplaceAvailability.Response Replaced = new(Week.Rules,
        Week.MinimumNoticeMinutes, Week.HorizonDays, Zone, SlotsAdded: 136, SlotsRemoved: 12, SlotsKept: 4, InTheWay);

    public static readonly PreviewAvailability.Response Preview = new(SlotsAdded: 136, SlotsRemoved: 12, SlotsKept: 4,
        [Shown(Starts)], [Shown(Ends)], InTheWay,
        LocalTimesSkipped: [new(new(2030, 3, 10), new(2, 0), new(3, 0))],
        LocalTimesRepeated: [new(new(2030, 11, 3), new(1, 0), new(2, 0))],
        VisitTypes: [new(VisitTypeExamples.Id, "First consultation", Slots: 120, Code: null)]);

    public static readonly TakeTimeOff.Response TimeOff = new(Guid.Parse("0193f7f5-8e41-7f6d-8c51-427ebf1c3143"),
        Instant.FromUtc(2030, 1, 6, 18, 30), Instant.FromUtc(2030, 1, 11, 18, 30), Zone, SlotsClosed: 40,
        BookingsCancelled: [], BookingsMoved: [new(BookingId, SlotId, Starts, Ends, LaterSlot,
            Starts + Duration.FromDays(7), Ends + Duration.FromDays(7))], "I am at a congress");

    public static readonly ListTimeOff.TimeOff KeptTimeOff =
        new(TimeOff.Id, TimeOff.From, TimeOff.To, Asked, TimeOff.Reason);

    public static readonly ExplainTime.Response Explanation = new(Starts, Open.Date, Open.StartTime, Zone,
        Bookable: false, "booked", "This time is already booked.", SlotId: null);

    public static readonly WaitlistEntry Waiting = new(Guid.Parse("0193f7f6-9f52-706e-9d62-538fc02d4254"), Doctor,
        Specialization: null, BookingId: null, Starts, Starts + Duration.FromDays(5), WaitlistEntry.Waiting,
        Offer: null, Asked);

    public static readonly WaitlistEntry Offered = Waiting with
    {
        Status = WaitlistEntry.Offered,
        Offer = new(SlotId, Doctor, Starts, Ends, Asked + Duration.FromMinutes(15)),
    };

    public static Page<T> PageOf<T>(params T[] items) => new(items, NextCursor: null);

    static PreviewAvailability.Shown Shown(Instant starts)
    {
        var slot = Slot.Of(SlotId, Doctor, starts, starts + Duration.FromMinutes(30), Zone, "open");
        return new(slot.StartsAt, slot.EndsAt, slot.Date, slot.StartTime, slot.EndTime);
    }
}

using Amrutam.Doctors.Contracts;
using Amrutam.Platform;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.Privacy;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Policies;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Invariants;
using Amrutam.Scheduling.Privacy;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.Slots;
using Amrutam.Scheduling.TimeOff;
using Amrutam.Scheduling.Waitlist;

namespace Amrutam.Scheduling;

/// <summary>The calendar: the slots of doctors and the bookings of patients.</summary>
sealed class SchedulingModule : IModule
{
    public string Name => "Scheduling";

    public void Add(WebApplicationBuilder builder)
    {
        builder.AddSettings<SchedulingLimits>("Limits");
        var times = builder.AddSettings<CalendarTimes>("Scheduling");
        builder.Services.AddSingleton(services =>
            new SchedulingSettings(services.GetRequiredService<DoctorsShown>().VerifiedOnly, times));
        builder.AddJson(SchedulingJson.Default);
        builder.Services.AddInvariants([.. CalendarInvariants.All, .. CalendarEventInvariants.All]);
        builder.Services.AddSingleton<CheckBookability>();
        builder.Services.AddSingleton<BookingBatch>();
        builder.Services.AddSingleton<IPersonalData, CalendarPersonalData>();
        builder.Services.AddHostedService<GenerateSlots>();
        builder.Services.AddSingleton<AnyDoctor>();
        builder.Services.AddSingleton<Alternatives>();
        builder.Services.AddSingleton<FreedSlots>();
        builder.Services.AddSingleton<OfferSlot>();
        builder.Services.AddSingleton<FreedSlotListener>(services =>
            services.GetRequiredService<OfferSlot>().ToFirstInLine);
        builder.Services.AddSingleton<ReleaseExpiredSlots>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ReleaseExpiredSlots>());
    }

    public void Map(WebApplication routes)
    {
        var slots = routes.MapGroup("/api/slots").WithTags("Slots");
        PublishSlot.Map(slots);
        ListOwnSlots.Map(slots);
        ReadOwnSlot.Map(slots);
        CloseSlot.Map(slots);
        ListOpenSlots.Map(routes);
        HoldSlot.Map(slots);
        ReleaseHold.Map(slots);
        ExplainTime.Map(routes);

        var availability = routes.MapGroup("/api/availability").WithTags("Availability");
        ReadAvailability.Map(availability);
        ReplaceAvailability.Map(availability);
        PreviewAvailability.Map(availability);
        TakeTimeOff.Map(availability);
        ListTimeOff.Map(availability);
        ReadTimeOff.Map(availability);
        WithdrawTimeOff.Map(availability);

        var bookings = routes.MapGroup("/api/bookings").WithTags("Bookings");
        BookSlot.Map(bookings);
        ListBookings.Map(bookings);
        ReadBooking.Map(bookings);
        CancelBooking.Map(bookings);
        MoveBooking.Map(bookings);
        CompleteBooking.Map(bookings);
        RecordNoShow.Map(bookings);
        CheckIn.Map(bookings);
        StartConsultation.Map(bookings);
        UndoStep.Map(bookings);
        AcceptRequest.Map(bookings);
        DeclineRequest.Map(bookings);
        ReadHistory.Map(bookings);
        BookSeries.Map(bookings);

        var doctors = routes.MapGroup("/api/doctors").WithTags("Bookings");
        ReadPolicy.Map(doctors);
        ReadOwnPolicy.Map(doctors);
        ChangePolicy.Map(doctors);

        var waitlist = routes.MapGroup("/api/waitlist").WithTags("Waiting list");
        JoinWaitlist.Map(waitlist);
        ListWaitlist.Map(waitlist);
        ReadEntry.Map(waitlist);
        LeaveWaitlist.Map(waitlist);
        AcceptOffer.Map(waitlist);
        DeclineOffer.Map(waitlist);
    }
}

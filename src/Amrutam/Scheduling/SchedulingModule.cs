using Amrutam.Platform;
using Amrutam.Scheduling.Availability;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Waitlist;

namespace Amrutam.Scheduling;

/// <summary>The calendar: slots that doctors offer, and the bookings that patients make of them.</summary>
static class SchedulingModule
{
    public static void AddScheduling(this WebApplicationBuilder builder)
    {
        var verified =
            builder.Configuration.GetValue("Doctors:RequireVerification", builder.Environment.IsProduction());
        var times = builder.AddSettings<CalendarTimes>("Scheduling");
        builder.Services.AddSingleton(new SchedulingSettings(verified, times));
        builder.AddJson(SchedulingJson.Default);
        builder.Services.AddInvariants([.. RulesOfTheCalendar.All, .. RulesOfItsEvents.All]);
        builder.Services.AddSingleton<KeyedChange>();
        builder.Services.AddSingleton<BookingBatch>();
        builder.Services.AddSingleton<IPersonalData, CalendarOfAPerson>();
        builder.Services.AddSingleton<RefusedKeys>();
        builder.Services.AddHostedService<MakeSlotsAhead>();
        builder.Services.AddHostedService<ForgetKeys>();
        builder.Services.AddSingleton<AnyDoctor>();
        builder.Services.AddSingleton<Alternatives>();
        builder.Services.AddSingleton<PassOnSlots>();
        builder.Services.AddHostedService(services => services.GetRequiredService<PassOnSlots>());
    }

    public static void MapScheduling(this IEndpointRouteBuilder routes)
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
        PassOnOffer.Map(waitlist);
    }
}

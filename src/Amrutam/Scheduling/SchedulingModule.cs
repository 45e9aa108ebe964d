using Amrutam.Doctors.Contracts;
using Amrutam.Platform.Http;
using Amrutam.Platform.Modules;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Holds;
using Amrutam.Scheduling.Bookings.Policies;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Contracts;
using Amrutam.Scheduling.Desk;
using Amrutam.Scheduling.Invariants;
using Amrutam.Scheduling.Privacy;
using Amrutam.Scheduling.Queue;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.Slots;
using Amrutam.Scheduling.TimeOff;
using Amrutam.Scheduling.Transfer;
using Amrutam.Scheduling.VisitTypes;
using Amrutam.Scheduling.Waitlist;

namespace Amrutam.Scheduling;

/// <summary>The calendar: the slots of doctors and the bookings of patients.</summary>
sealed class SchedulingModule : IModule
{
    public string Name => "Scheduling";

    public ApiTerms Terms => SchedulingTerms.All;

    public void Add(ModuleBuilder module)
    {
        module.AddSettings<SchedulingLimits>("Limits");
        var times = module.AddSettings<CalendarTimes>("Scheduling");
        module.AddJson(SchedulingJson.Default);
        module.AddJob<GenerateSlots>();
        module.AddJob<ReleaseExpiredSlots>();
        module.AddInvariants([.. CalendarInvariants.All, .. CalendarEventInvariants.All]);
        module.AddPersonalData<CalendarPersonalData>();
        module.AddImportedFile<ImportVisitTypes>();
        module.AddImportedFile<ImportOffers>();
        module.AddImportedFile<ImportBookings>();
        AddTables(module);
        module.Services.AddSingleton(services =>
            new SchedulingSettings(services.GetRequiredService<DoctorsShown>().VerifiedOnly, times));
        module.Services.AddSingleton<CheckBookability>().AddSingleton<BookLongVisit>()
            .AddSingleton<BookingBatch>().AddSingleton<AnyDoctor>()
            .AddSingleton<Alternatives>().AddSingleton<BookingListeners>().AddSingleton<RefusedRequests>()
            .AddSingleton<OfferSlot>().AddSingleton<FindFreeSlots>().AddSingleton<EndEntries>()
            .AddSingleton<SlotsOnOffer>().AddSingleton<VisitsOnOffer>();
        module.Services.AddSingleton<FreedSlotListener>(services =>
            services.GetRequiredService<OfferSlot>().ToFirstInLine);
        module.Services.AddSingleton<ArrivedPatientListener>(GiveToken.OnCheckIn);
        module.Services.AddSingleton<ChangedBookingsListener>(services =>
            services.GetRequiredService<EndEntries>().OfBookings);
    }

    static void AddTables(ModuleBuilder module) => module.AddTables(
        new("availability", ExportedAs: "availability"),
        new("booking_policies", ExportedAs: "booking_policy"),
        new("booking_steps", ExportedAs: "booking_history", Grows: true),
        new("bookings", ExportedAs: "bookings", Grows: true),
        new("queue_entries", ExportedAs: "queue", Grows: true),
        new("queues", NotExported: "the last number of each doctor's day", PersonIds: ["doctor_id"], Grows: true),
        new("recent_holds", ExportedAs: "recent_holds", Grows: true),
        new("doctor_visit_types", ExportedAs: "offered_visit_types", Grows: true),
        new("moved_bookings", ExportedAs: "moved_bookings", Grows: true),
        new("slots", ExportedAs: "slots", Grows: true),
        new("time_off", ExportedAs: "time_off"),
        new("visit_type_versions", NotExported: "the clinic's catalogue, without persons"),
        new("visit_types", NotExported: "the clinic's catalogue, without persons"),
        new("waitlist_entries", ExportedAs: "waitlist", Grows: true),
        new("waitlist_offers", ExportedAs: "waitlist", Grows: true));

    public void Map(IEndpointRouteBuilder routes)
    {
        var slots = routes.MapGroup("/api/slots").WithTags("Slots");
        PublishSlot.Map(slots);
        ListOwnSlots.Map(slots);
        ReadOwnSlot.Map(slots);
        CloseSlot.Map(slots);
        ListOpenSlots.Map(routes);
        HoldSlot.Map(slots);
        ReleaseHold.Map(slots);
        ListHolds.Map(routes);
        ExplainTime.Map(routes);

        var availability = routes.MapGroup("/api/availability").WithTags("Availability")
            .RequireAuthorization(Allow.Doctor);
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
        CancelSeries.Map(bookings);

        MapDesk(routes);

        var doctors = routes.MapGroup("/api/doctors").WithTags("Bookings");
        ReadPolicy.Map(doctors);
        var ownPolicy = doctors.MapGroup("/policy").RequireAuthorization(Allow.Doctor);
        ReadOwnPolicy.Map(ownPolicy);
        ChangePolicy.Map(ownPolicy);

        MapVisitTypes(routes);

        var waitlist = routes.MapGroup("/api/waitlist").WithTags("Waiting list")
            .RequireAuthorization(Allow.Patient);
        JoinWaitlist.Map(waitlist);
        ListWaitlist.Map(waitlist);
        ReadEntry.Map(waitlist);
        LeaveWaitlist.Map(waitlist);
        AcceptOffer.Map(waitlist);
        DeclineOffer.Map(waitlist);
    }

    static void MapVisitTypes(IEndpointRouteBuilder routes)
    {
        var catalogue = routes.MapGroup("/api/admin/visit-types").RequireAuthorization(Allow.Admin).WithTags("Admin");
        var open = routes.MapGroup("/api/visit-types").AllowAnonymous().WithTags("Kinds of visit");
        ListVisitTypes.Map(open, catalogue);
        ReadVisitType.Map(open);
        CreateVisitType.Map(catalogue);
        ChangeVisitType.Map(catalogue);
        ListVersions.Map(catalogue);
        var doctors = routes.MapGroup("/api/doctors").WithTags("Kinds of visit");
        var own = doctors.MapGroup("/visit-types").RequireAuthorization(Allow.Doctor);
        OfferVisitTypes.Map(own);
        ListOfferedTypes.Map(doctors, own);
    }

    static void MapDesk(IEndpointRouteBuilder routes)
    {
        var desk = routes.MapGroup("/api/admin").RequireAuthorization(Allow.Desk).WithTags("Front desk");
        ListClinicBookings.Map(desk);
        DownloadClinicBookings.Map(desk);
        ReadDay.Map(routes);
        CallNext.Map(routes);
        var acting = routes.MapGroup("/api/desk").RequireAuthorization(Allow.Desk).WithTags("Front desk");
        BookAtDesk.Map(acting);
        TakeWalkIn.Map(acting);
    }
}

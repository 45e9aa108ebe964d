using Amrutam.Notifications.Calendars;
using Amrutam.Notifications.Contracts;
using Amrutam.Notifications.Feeds;
using Amrutam.Notifications.Mail;
using Amrutam.Notifications.Messages;
using Amrutam.Notifications.Preferences;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Modules;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Notifications;

/// <summary>Messages to people and their transports, and visits in calendars.</summary>
sealed partial class NotificationsModule : IModule
{
    public string Name => "Notifications";

    public ApiTerms Terms => NotificationsTerms.All;

    public void Add(ModuleBuilder module)
    {
        module.AddMail();
        module.AddJob<DeliverMail>();
        module.AddJob<GiveUpMail>();
        module.AddEventReader<PlanMessages>();
        module.AddJob<SendMessages>();
        module.AddJob<ForgetMessages>();
        module.AddGauge(new("amrutam.mail.parked", "{letter}",
            "E-mails that cannot be sent and wait for an operator, by reason", "amrutam.mail.reason",
            DeliverMail.CountParked));
        module.AddGauge(new("amrutam.messages.oldest_due", "s",
            "How long the oldest due message about a visit has waited", null, MessageMeter.OldestDue));
        module.AddEncryptedSecrets<EncryptedLetters>();
        module.AddPersonalData<NotificationsPersonalData>();
        module.AddTables(
            new("calendar_feeds", ExportedAs: "calendar_feeds", Grows: true, Secrets: ["token_hash"]),
            new("messages", ExportedAs: "messages", Grows: true),
            new("preferences", ExportedAs: "message_preferences"),
            new("outgoing_mails", NotExported: "encrypted until they are sent, three days at most",
                Secrets: Table.All));
        module.Services.AddSingleton<LetterQueue>().AddSingleton<VisitCalendar>()
            .AddSingleton<MessageTexts>().AddSingleton<MessageMeter>().AddSingleton<Unsubscription>();
        module.AddStartWarning(services => services.GetRequiredService<MailSettings>().Host is not { Length: > 0 },
            LogNoMail);
    }

    public void Map(IEndpointRouteBuilder routes)
    {
        DownloadVisit.Map(routes.MapGroup("/api/bookings").WithTags("Calendars"));
        var feeds = routes.MapGroup("/api/me/calendar-feeds").RequireAuthorization(Allow.PatientOrDoctor)
            .InvalidatesItself().WithTags("Calendars");
        ListFeeds.Map(feeds);
        CreateFeed.Map(feeds);
        RevokeFeed.Map(feeds);
        var notifications = routes.MapGroup("/api/me/notifications").RequireAuthorization(Allow.SignedIn)
            .InvalidatesItself().WithTags("Messages");
        ReadPreferences.Map(notifications);
        ChangePreferences.Map(notifications);
        ListHistory.Map(notifications);
        ListMessages.Map(routes.MapGroup("/api/admin").RequireAuthorization(Allow.Admin).WithTags("Admin"));
        ReadFeed.Map(routes.MapGroup("/calendars").WithTags("Calendars"));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "e-mails become files and reach nobody: give a mail server as "
        + "Mail__Host")]
    static partial void LogNoMail(ILogger log);
}

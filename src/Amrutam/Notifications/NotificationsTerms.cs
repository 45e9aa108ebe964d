using Amrutam.Notifications.Feeds;
using Amrutam.Notifications.Messages;
using Amrutam.Notifications.Preferences;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Notifications;

/// <summary>The words of calendars in the API's description.</summary>
static class NotificationsTerms
{
    const string Detail =
        "`discreet`: the calendar says `Appointment` only. `full`: it names the doctor and the field.";

    const string Language = "The language of messages.",
        Zone = "The IANA zone in which times are written; null for the doctor's.";

    static readonly string[] Details = [CalendarFeed.Discreet, CalendarFeed.Full];

    public static readonly ApiTerms All = new()
    {
        Tags = new Dictionary<string, ApiTag>(StringComparer.Ordinal)
        {
            ["Messages"] = new(10, "Messages about visits by e-mail, and a person's wishes for them."),
            ["Calendars"] = new(9, "Visits in the calendar that a person already uses: files and private feeds."),
        },
        Fields = new Dictionary<string, Field>(StringComparer.Ordinal)
        {
            ["CalendarFeed.name"] = new("The name of the feed.", "My phone"),
            ["CalendarFeed.url"] = new("The private address, shown once; null in lists.",
                "https://clinic.example/calendars/dG9rZW4.ics"),
            ["CreateFeedRequest.name"] = new("The name of the feed, for its owner.", "My phone")
            {
                MaxLength = CalendarFeed.MaxName,
            },
            ["CalendarFeed.detail"] = new(Detail, CalendarFeed.Discreet) { Words = Details },
            ["CreateFeedRequest.detail"] = new(Detail, CalendarFeed.Discreet)
            {
                Words = Details, Default = CalendarFeed.Discreet,
            },
            ["MessagePreferences.language"] = new(Language, "hi") { Words = MessagePreferences.Languages },
            ["ChangePreferencesRequest.language"] = new(Language, "hi") { Words = MessagePreferences.Languages },
            ["MessagePreferences.time_zone"] = new(Zone, "Asia/Kolkata"),
            ["ChangePreferencesRequest.time_zone"] = new(Zone, "Asia/Kolkata"),
            ["quiet_from"] = new("The time of day from which no reminder comes.", "21:00"),
            ["quiet_until"] = new("The time of day at which reminders come again.", "08:00"),
            ["reminders"] = new("The channels of reminders; an empty list turns them off.") { MaxItems = 1 },
            ["Message.kind"] = new("The news that the message has.", MessageKind.Booked) { Words = MessageKind.All },
            ["Message.state"] = new("Whether it was sent.", "sent") { Words = ListHistory.States },
            ["Message.reason"] = new("The code of the reason why it was not sent.", "visit_has_changed"),
            ["ClinicMessage.kind"] = new("The news that the message has.", MessageKind.Booked)
            {
                Words = MessageKind.All,
            },
            ["ClinicMessage.state"] = new("Whether it was sent.", "failed") { Words = ListHistory.States },
            ["ClinicMessage.reason"] = new("The code of the reason why it was not sent.", "recipient_refused"),
            ["ClinicMessage.channel"] = new("The way that it takes.", MessagePreferences.Email),
            ["ClinicMessage.account_id"] = new("The account that it goes to."),
            ["attempts"] = new("The number of attempts to send it.", 1),
            ["listMessages.state"] = new("Only messages in this state.", "failed") { Words = ListHistory.States },
            ["Message.channel"] = new("The way that it takes.", MessagePreferences.Email),
            ["due_at"] = new("When the message is, or was, to be sent."),
            ["ended_at"] = new("When it was sent or dropped."),
            ["booking_id"] = new("The booking that it is about."),
            ["readFeed.token"] = new("The token of the feed's address."),
        },
    };
}

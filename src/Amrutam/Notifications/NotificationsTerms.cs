using Amrutam.Notifications.Feeds;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Notifications;

/// <summary>The words of calendars in the API's description.</summary>
static class NotificationsTerms
{
    const string Detail =
        "`discreet`: the calendar says `Appointment` only. `full`: it names the doctor and the field.";

    static readonly string[] Details = [CalendarFeed.Discreet, CalendarFeed.Full];

    public static readonly ApiTerms All = new()
    {
        Tags = new Dictionary<string, ApiTag>(StringComparer.Ordinal)
        {
            ["Calendars"] = new(8, "Visits in the calendar that a person already uses: files and private feeds."),
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
            ["readFeed.token"] = new("The token of the feed's address."),
        },
    };
}

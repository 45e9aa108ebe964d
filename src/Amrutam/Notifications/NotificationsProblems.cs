using Amrutam.Notifications.Feeds;
using Amrutam.Platform.Http.Problems;

namespace Amrutam.Notifications;

/// <summary>The problems of Notifications.</summary>
static class NotificationsProblems
{
    public static readonly Problem TooManyFeeds = new(409, "too_many_calendar_feeds",
        $"An account has at most {CreateFeed.MostFeeds} calendar feeds; revoke one first");
}

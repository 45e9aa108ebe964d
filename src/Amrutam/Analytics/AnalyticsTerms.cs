using Amrutam.Platform.OpenApi;

namespace Amrutam.Analytics;

/// <summary>The words of the figures in the API's description.</summary>
static class AnalyticsTerms
{
    public static readonly ApiTerms All = new()
    {
        Fields = new Dictionary<string, Field>(StringComparer.Ordinal)
        {
            ["total_users"] = new("How many accounts there are, without erased ones."),
            ["total_doctors"] = new("How many doctors there are."),
            ["total_patients"] = new("How many patients there are."),
            ["total_bookings"] = new("How many bookings were ever made, in any state."),
            ["total_slots"] = new("How many slots are published and not closed, booked or not."),
            ["cancelled_bookings"] = new("How many bookings were cancelled."),
            ["declined_bookings"] = new("How many requests were declined."),
            ["expired_bookings"] = new("How many requests expired without an answer."),
            ["missed_bookings"] = new("How many bookings ended as a no-show."),
            ["up_to_date"] = new("Whether every acknowledged change is counted."),
        },
    };
}

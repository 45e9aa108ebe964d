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
            ["kept"] = new("How many visits took place or are to come, requests included.", 12),
            ["cancelled"] = new("How many visits were cancelled.", 3),
            ["missed"] = new("How many visits ended as a no-show.", 1),
            ["declined"] = new("How many requests were declined.", 0),
            ["expired"] = new("How many requests expired without an answer.", 0),
            ["VisitDay.day"] = new("The day in the doctor's time zone.", "2030-01-07"),
            ["VisitDay.visits"] = new("The visits of the day."),
            ["VisitsOfDoctor.doctor_name"] = new("The doctor's name; null without a profile.", "Dr. Meera Nair"),
            ["VisitsOfDoctor.specialization"] = new("The present specialization; null without a profile.",
                "Panchakarma"),
            ["VisitsOfDoctor.visits"] = new("The visits of the doctor."),
            ["VisitsOfSpecialization.specialization"] = new("The present specialization of the doctors.",
                "Panchakarma"),
            ["VisitsOfSpecialization.visits"] = new("The visits of these doctors."),
            ["readVisitDays.from"] = new("The first day of the figures.", "2030-01-01"),
            ["readVisitDays.to"] = new("The last day of the figures; today if neither is given.", "2030-01-31"),
            ["readVisitsByDoctor.from"] = new("The first day of the figures.", "2030-01-01"),
            ["readVisitsByDoctor.to"] = new("The last day of the figures; today if neither is given.", "2030-01-31"),
            ["readVisitsBySpecialization.from"] = new("The first day of the figures.", "2026-01-01"),
            ["readVisitsBySpecialization.to"] = new("The last day of the figures; today if neither is given.",
                "2026-01-31"),
            ["readVisitDays.specialization"] = new("Only doctors with this specialization.", "Panchakarma"),
            ["readVisitsByDoctor.specialization"] = new("Only doctors with this specialization.", "Panchakarma"),
            ["readVisitDays.doctor_id"] = new("Only this doctor; a doctor may leave out the own id."),
            ["up_to_date"] = new("Whether every acknowledged change is counted."),
        },
    };
}

using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings.Policies;
using Amrutam.Scheduling.Schedule;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>The words of kinds of visit in the API's description.</summary>
static class VisitTypeTerms
{
    static readonly string[] Named = ["CreateVisitTypeRequest", "ChangeVisitTypeRequest", "VisitType"];

    /// <summary>Members of the catalogue that have another meaning or other bounds elsewhere.</summary>
    static readonly Dictionary<string, Field> OfCatalogue = new(StringComparer.Ordinal)
    {
        ["name"] = new("The name of the kind.", "First consultation") { MaxLength = VisitTypeValidation.MaxName },
        ["minutes"] = Minutes("The length of the visit in minutes."),
        ["fee_minor"] = Fee("The price in the smallest unit of the currency; null if none is stated."),
        ["currency"] = new("The currency of the price (ISO 4217).", Fees.DefaultCurrency),
        ["minimum_notice_minutes"] = new("The kind's own notice, beside the doctor's; null for none.", 60)
        {
            Minimum = 0, Maximum = WeeklySchedule.LongestNotice,
        },
        ["cancellation_window_minutes"] = new("Replaces the doctor's window; null for the doctor's.", 1440)
        {
            Minimum = 0, Maximum = ChangePolicy.MaxMinutes,
        },
        ["requires_confirmation"] = new("Replaces the doctor's rule; null for the doctor's."),
    };

    public static readonly IReadOnlyDictionary<string, Field> All = new Dictionary<string, Field>(
        Named.SelectMany(owner =>
            OfCatalogue.Select(field => KeyValuePair.Create($"{owner}.{field.Key}", field.Value))),
        StringComparer.Ordinal)
    {
        ["visit_type_id"] = new("The kind of visit.", VisitTypeExamples.Id),
        ["description"] = new("The text for patients.", "History, pulse reading and a plan of treatment.")
        {
            MaxLength = VisitTypeValidation.MaxDescription,
        },
        ["VisitTypeOffer.minutes"] = Minutes("The doctor's own length in minutes; null for the clinic's."),
        ["VisitTypeOffer.fee_minor"] = Fee("The doctor's own price; null for the clinic's."),
        ["OfferedVisitType.name"] = new("The name of the kind.", "First consultation"),
        ["OfferedVisitType.minutes"] = Minutes("The length with this doctor in minutes."),
        ["OfferedVisitType.fee_minor"] = Fee("The price with this doctor; null if none is stated."),
        ["VisitType.mode"] = Mode, ["CreateVisitTypeRequest.mode"] = Mode, ["ChangeVisitTypeRequest.mode"] = Mode,
        ["OfferedVisitType.mode"] = Mode,
        ["address"] = new("Where a visit in person takes place.", "12 Temple Road, Mysuru")
        {
            MaxLength = VisitTypeValidation.MaxAddress,
        },
        ["first"] = new("Whether it is a first visit. A follow-up needs a completed visit with the same doctor."),
        ["follow_up_within_days"] = new("The age of that visit in days, at most; null for a first visit.", 90)
        {
            Minimum = 1, Maximum = VisitTypeValidation.MaxFollowUpDays,
        },
        ["bookable_by"] = new("`patients`, or `staff` for staff alone.", VisitType.Patients)
        {
            Words = VisitType.Bookers,
        },
        ["buffer_before_minutes"] = Buffer("The time before the visit that stays free, in minutes."),
        ["buffer_after_minutes"] = Buffer("The time after the visit that stays free, in minutes."),
        ["active"] = new("False once the kind was withdrawn: nobody can book it any more."),
        ["is_default"] = new("Whether a booking that names no kind is of this one."),
        ["content"] = new("The kind as it was from then on."),
    };

    static Field Mode => new("How doctor and patient meet.", VisitType.InPerson) { Words = VisitType.Modes };

    static Field Minutes(string description) => new(description, 45)
    {
        Minimum = VisitTypeValidation.MinMinutes, Maximum = VisitTypeValidation.MaxMinutes,
    };

    static Field Fee(string description) => new(description, 80_000) { Minimum = 0, Maximum = Fees.MaxMinor };

    static Field Buffer(string description) => new(description, 5)
    {
        Minimum = 0, Maximum = VisitTypeValidation.MaxBuffer,
    };
}

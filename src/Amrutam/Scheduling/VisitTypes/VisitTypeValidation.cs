using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Bookings.Policies;
using Amrutam.Scheduling.Schedule;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>The checks of a kind's fields, the same for a new kind and for a change.</summary>
static class VisitTypeValidation
{
    public const int MaxName = 100, MaxDescription = 1000, MaxAddress = 300;

    // The limits of a slot. The time of a visit with its buffers fits into the longest slot.
    public const int MinMinutes = ScheduleRule.ShortestSlot, MaxMinutes = ScheduleRule.LongestSlot, MaxBuffer = 240;

    public const int DefaultFollowUpDays = 365, MaxFollowUpDays = 3 * 365;

    /// <returns>The kind with its texts in the form to store.</returns>
    public static VisitType Check(RequestValidation fields, VisitType type)
    {
        fields.Refuse(type.Minutes is < MinMinutes or > MaxMinutes, "minutes", $"must be {MinMinutes} to {MaxMinutes}")
            .Refuse(!VisitType.Modes.Contains(type.Mode), "mode", OneOf(VisitType.Modes))
            .Refuse(!VisitType.Bookers.Contains(type.BookableBy), "bookable_by", OneOf(VisitType.Bookers))
            .Refuse(type.Address is not null && type.Mode != VisitType.InPerson, "address",
                $"is only for the mode {VisitType.InPerson}")
            .Refuse(type is { First: true, FollowUpWithinDays: not null }, "follow_up_within_days",
                "is only for a follow-up")
            .Refuse(type.FollowUpWithinDays is < 1 or > MaxFollowUpDays, "follow_up_within_days",
                $"must be 1 to {MaxFollowUpDays}")
            .Refuse(!Fees.IsCurrency(type.Currency), "currency", "must be an ISO 4217 code, as INR")
            .Refuse(type.BufferBeforeMinutes is < 0 or > MaxBuffer, "buffer_before_minutes", RangeOfBuffer)
            .Refuse(type.BufferAfterMinutes is < 0 or > MaxBuffer, "buffer_after_minutes", RangeOfBuffer)
            .Refuse(type.Minutes <= MaxMinutes
                    && type.Minutes + type.BufferBeforeMinutes + type.BufferAfterMinutes > MaxMinutes, "minutes",
                $"with both buffers must be at most {MaxMinutes}")
            .Refuse(type.MinimumNoticeMinutes is < 0 or > WeeklySchedule.LongestNotice, "minimum_notice_minutes",
                $"must be 0 to {WeeklySchedule.LongestNotice}")
            .Refuse(type.CancellationWindowMinutes is < 0 or > ChangePolicy.MaxMinutes, "cancellation_window_minutes",
                $"must be 0 to {ChangePolicy.MaxMinutes}");
        Fee(fields, "fee_minor", type.FeeMinor);
        return type with
        {
            Name = fields.Name("name", type.Name, MaxName, required: true) ?? "",
            Description = fields.Text("description", type.Description, MaxDescription),
            Address = fields.Text("address", type.Address, MaxAddress),
        };
    }

    public static void Fee(RequestValidation fields, string field, int? minor) =>
        fields.Refuse(minor is < 0 or > Fees.MaxMinor, field, $"must be 0 to {Fees.MaxMinor}");

    static string RangeOfBuffer => $"must be 0 to {MaxBuffer}";

    static string OneOf(string[] words) => "must be one of " + string.Join(", ", words);
}

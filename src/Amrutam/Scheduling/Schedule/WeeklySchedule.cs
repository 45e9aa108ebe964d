using System.Text.Json.Serialization;
using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Generation;
using NodaTime;

namespace Amrutam.Scheduling.Schedule;

/// <summary>A doctor's weekly rules, notice and horizon, as in requests.</summary>
/// <param name="Rules">Up to 100 that do not overlap.</param>
/// <param name="MinimumNoticeMinutes">The time before its start at which a slot stops being bookable, 0 to
/// 43200.</param>
/// <param name="HorizonDays">The number of days after today with slots, 1 to 400.</param>
sealed record WeeklySchedule(
    IReadOnlyList<ScheduleRule> Rules, int MinimumNoticeMinutes = 0, int HorizonDays = WeeklySchedule.DefaultHorizon)
{
    public const int DefaultHorizon = 60;

    public const int MostRules = 100, LongestNotice = 30 * 24 * 60, LongestHorizon = 400;

    // Half hours round the clock for 400 days. Shorter slots need a nearer horizon, or one request would write for
    // minutes.
    public const int MostSlots = 20_000;

    public static readonly WeeklySchedule Nothing = new([]);

    [JsonIgnore]
    public Duration Notice => Duration.FromMinutes(MinimumNoticeMinutes);

    /// <summary>The kinds of visit that the rules name.</summary>
    [JsonIgnore]
    public IEnumerable<Guid> VisitTypes => Rules.SelectMany(rule => rule.VisitTypeIds ?? []).Distinct();

    /// <summary>The rules without their kinds of visit, and those apart, in the order of the rules; null if no rule
    /// names any. A server of the previous version reads the rules.</summary>
    public (IEnumerable<ScheduleRule> Rules, IEnumerable<IReadOnlyList<Guid>>? Kinds) Apart() =>
        (Rules.Select(rule => rule with { VisitTypeIds = null }),
            VisitTypes.Any() ? Rules.Select(rule => rule.VisitTypeIds ?? []) : null);

    /// <summary>The rules with the kinds of visit that were kept apart.</summary>
    public static List<ScheduleRule> Together(List<ScheduleRule> rules, List<List<Guid>>? kinds) =>
        kinds is null ? rules : [.. rules.Zip(kinds, (rule, of) => of.Count == 0 ? rule : rule with
        {
            VisitTypeIds = of,
        })];

    /// <summary>Converts the rules to windows and reports invalid fields.</summary>
    public List<WeeklyWindow> Read(RequestValidation fields)
    {
        fields.Refuse(MinimumNoticeMinutes is < 0 or > LongestNotice, "minimum_notice_minutes",
                $"must be from 0 to {LongestNotice}")
            .Refuse(HorizonDays is < 1 or > LongestHorizon, "horizon_days", $"must be from 1 to {LongestHorizon}")
            .Refuse(MinimumNoticeMinutes > (long)HorizonDays * NodaConstants.MinutesPerDay, "minimum_notice_minutes",
                "must not be longer than horizon_days: no slot could ever be booked")
            .Refuse(Rules.Count > MostRules, "rules", $"must be at most {MostRules}");
        var windows = new List<(string At, WeeklyWindow Window)>();
        for (var i = 0; i < Rules.Count && i < MostRules; i++)
        {
            var at = $"rules[{i}]";
            fields.Refuse(Rules[i] is null, at, "must not be null");
            if (Rules[i]?.Read(fields, at) is not { } window) continue;
            var other = windows.Find(earlier => Overlap(earlier.Window, window) || Overlap(window, earlier.Window));
            fields.Refuse(other.At is not null, at, $"overlaps {other.At}");
            windows.Add((at, window));
        }
        return windows.ConvertAll(w => w.Window);
    }

    /// <summary>The windows of saved rules, which are valid.</summary>
    public List<WeeklyWindow> Windows() => [.. Rules.Select((rule, i) => rule.Read(new(), $"rules[{i}]")!)];

    /// <summary>Whether one window on some date shares a minute with the other on that date or the next.</summary>
    static bool Overlap(WeeklyWindow one, WeeklyWindow other)
    {
        var ahead = ((int)other.Weekday - (int)one.Weekday + 7) % 7;
        if (ahead > 1) return false;
        var start = other.From + ahead * WeeklyWindow.DayMinutes;
        if (start >= one.To || other.To + ahead * WeeklyWindow.DayMinutes <= one.From) return false;
        var first = LocalDate.Max(one.ValidFrom, other.ValidFrom.PlusDays(-ahead));
        var last = LocalDate.Min(one.ValidTo, other.ValidTo.PlusDays(-ahead));
        return first <= last && first.PlusDays(-1).Next(one.Weekday) <= last;
    }
}

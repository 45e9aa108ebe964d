using Amrutam.Platform.Http.Binding;
using NodaTime;

namespace Amrutam.Analytics.Visits;

/// <summary>The first and the last day of figures. Without them, the last four weeks until today.</summary>
readonly record struct FigurePeriod(QueryDate? From, QueryDate? To)
{
    // A response has at most a line for each day of a leap year.
    public const int MostDays = 366, UsualDays = 28;

    /// <param name="days">The first and the last day, if there is no error.</param>
    public RequestValidation Check(TimeProvider clock, out (LocalDate First, LocalDate Last) days)
    {
        var last = To?.Value ?? From?.Value.PlusDays(UsualDays - 1) ?? Clinic.Today(clock);
        days = (From?.Value ?? last.PlusDays(1 - UsualDays), last);
        return new RequestValidation().Refuse(days.Last < days.First, "to", "must not be before from")
            .Refuse(Period.DaysBetween(days.First, days.Last) >= MostDays, "to",
                $"must be less than {MostDays} days after from");
    }

    /// <summary>Whether the days are one calendar month that has ended. The counts of such months cannot be subtracted
    /// from each other to find a smaller group.</summary>
    public static bool IsFinishedMonth((LocalDate First, LocalDate Last) days, LocalDate today) =>
        days.First.Day == 1 && days.Last == days.First.With(DateAdjusters.EndOfMonth) && days.Last < today;
}

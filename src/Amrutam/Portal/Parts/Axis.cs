using System.Globalization;

namespace Amrutam.Portal.Parts;

/// <summary>The vertical scale of a chart: a round top value, its ticks, and the height of a value in pixels.</summary>
/// <remarks>Widths are in percent and heights in pixels. So a chart is as wide as its place, and its words keep their
/// size.</remarks>
readonly record struct Axis(double Top, double Step, int Pixels)
{
    // So few lines help the eye; more would distract it.
    const double WantedTicks = 4.4;
    static readonly double[] RoundSteps = [1, 2, 2.5, 5, 10];

    /// <summary>Counts are whole, so the steps are too.</summary>
    public static Axis For(double largest, int pixels)
    {
        var rough = Math.Max(largest, 1) / WantedTicks;
        var size = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = Math.Ceiling(RoundSteps.First(m => m * size >= rough) * size);
        return new(Math.Max(Math.Ceiling(largest / step), 1) * step, step, pixels);
    }

    public IEnumerable<double> Ticks
    {
        get
        {
            for (var value = Step; value <= Top; value += Step) yield return value;
        }
    }

    public double Y(double value) => Math.Round(Pixels - value / Top * Pixels, 1);

    /// <summary>It uses the invariant culture, because a comma in a coordinate begins another coordinate.</summary>
    public static string N(double v) => v.ToString("0.##", CultureInfo.InvariantCulture);

    public static string Across(double share) => N(share * 100) + "%";
}

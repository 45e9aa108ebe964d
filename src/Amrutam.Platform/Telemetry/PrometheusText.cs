using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Amrutam.Platform.Telemetry;

/// <summary>Writes what was measured in Prometheus's text format, version 0.0.4, each time it is asked.</summary>
/// <remarks>
/// Names are made of the conventions' names as OpenTelemetry says: dots become underscores, the unit and <c>_total</c>
/// are appended. A count that is no histogram's may not end in <c>_count</c> and becomes a plural.
/// </remarks>
[ExportModes(ExportModes.Pull)]
sealed class PrometheusText : BaseExporter<Metric>, IPullMetricExporter
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";
    const int FirstCapacity = 64 * 1024;
    const string OfHistograms = "_count";

    readonly Lock _turn = new();
    readonly StringBuilder _text = new(FirstCapacity);

    public Func<int, bool>? Collect { get; set; }

    /// <summary>Everything as it is now. One scrape at a time; what there is to collect is in memory.</summary>
    public string Read()
    {
        lock (_turn)
        {
            Collect!(Timeout.Infinite);
            return _text.ToString();
        }
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        _text.Clear();
        var families = new SortedDictionary<string, List<Metric>>(StringComparer.Ordinal);
        foreach (var metric in batch)
        {
            var name = Name(metric);
            if (!families.TryGetValue(name, out var family)) families.Add(name, family = []);
            family.Add(metric);
        }
        foreach (var (name, family) in families) Write(name, family);
        return ExportResult.Success;
    }

    void Write(string name, List<Metric> family)
    {
        var first = family[0];
        _text.Append("# HELP ").Append(name).Append(' ')
            .Append(first.Description is { Length: > 0 } words ? Escape(words, quotes: false) : first.Name)
            .Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(Type(first)).Append('\n');
        foreach (var metric in family)
            foreach (ref readonly var point in metric.GetMetricPoints())
                Write(name, metric.MetricType, in point);
    }

    void Write(string name, MetricType type, in MetricPoint point)
    {
        if (type == MetricType.Histogram)
        {
            WriteHistogram(name, in point);
            return;
        }
        Line(name, Labels(in point), type switch
        {
            MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
            MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
            MetricType.LongGauge => point.GetGaugeLastValueLong(),
            _ => point.GetGaugeLastValueDouble(),
        });
    }

    void WriteHistogram(string name, in MetricPoint point)
    {
        var labels = Labels(in point);
        var below = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            below += bucket.BucketCount;
            var edge = "le=\"" + Number(bucket.ExplicitBound) + '"';
            Line(name + "_bucket", labels.Length == 0 ? edge : labels + ',' + edge, below);
        }
        Line(name + "_sum", labels, point.GetHistogramSum());
        Line(name + OfHistograms, labels, point.GetHistogramCount());
    }

    void Line(string name, string labels, double value)
    {
        _text.Append(name);
        if (labels.Length > 0) _text.Append('{').Append(labels).Append('}');
        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    static string Labels(in MetricPoint point)
    {
        if (point.Tags.Count == 0) return "";
        var labels = new StringBuilder();
        foreach (var (key, value) in point.Tags)
        {
            if (labels.Length > 0) labels.Append(',');
            labels.Append(Word(key)).Append("=\"")
                .Append(Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", quotes: true)).Append('"');
        }
        return labels.ToString();
    }

    static string Name(Metric metric)
    {
        var name = Word(metric.Name);
        var unit = metric.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        if (unit.Length > 0 && !name.EndsWith(unit, StringComparison.Ordinal)) name += unit;
        if (IsCounter(metric)) return name.EndsWith("_total", StringComparison.Ordinal) ? name : name + "_total";
        return metric.MetricType != MetricType.Histogram && name.EndsWith(OfHistograms, StringComparison.Ordinal)
            ? name[..^OfHistograms.Length] + 's'
            : name;
    }

    static bool IsCounter(Metric metric) => metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;

    static string Type(Metric metric) =>
        metric.MetricType == MetricType.Histogram ? "histogram" : IsCounter(metric) ? "counter" : "gauge";

    static string Word(string name) =>
        string.Create(name.Length, name, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++) to[i] = char.IsAsciiLetterOrDigit(from[i]) ? from[i] : '_';
        });

    static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    static string Escape(string text, bool quotes)
    {
        text = text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
        return quotes ? text.Replace("\"", "\\\"", StringComparison.Ordinal) : text;
    }
}

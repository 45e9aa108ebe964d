using System.Globalization;
using System.Net;
using System.Text;

namespace Amrutam.Tests.Tidy.Drawings;

/// <summary>A picture of 1,000 pixels' width, written part by part; later parts lie above earlier ones.</summary>
sealed class Svg
{
    public const int Width = 1000;

    // Above eleven pixels, so that it can be read when it is shown as wide as it is.
    const string Style = """
        text { font-family: "Noto Sans", "DejaVu Sans", sans-serif; font-size: 12px; fill: #1c2a23; }
        .title { font-size: 15px; font-weight: 600; }
        .head { font-size: 13px; font-weight: 600; }
        .key { font-weight: 700; }
        .soft { fill: #52605a; }
        .end { text-anchor: end; }
        .mid { text-anchor: middle; }
        .box { fill: #ffffff; stroke: #7b7f76; }
        .group { fill: #f2efe6; stroke: #dfdbce; }
        .note { fill: #fcf2d8; stroke: #9a6a08; }
        .bar { fill: #e4f0e7; stroke: #7b7f76; }
        .line { fill: none; stroke: #1e6047; stroke-width: 1.5; }
        .weak { fill: none; stroke: #52605a; stroke-width: 1.2; stroke-dasharray: 5 4; }
        """;

    readonly StringBuilder _parts = new();

    public Svg Box(double x, double y, double width, double height, string look = "box") => Add(
        $"""<rect class="{look}" x="{N(x)}" y="{N(y)}" width="{N(width)}" height="{N(height)}" rx="5"/>""");

    public Svg Text(double x, double y, string text, string look = "") => Add(
        $"""<text class="{look}" x="{N(x)}" y="{N(y)}">{WebUtility.HtmlEncode(text)}</text>""");

    /// <summary>A box with a heading and lines below it, each in its middle.</summary>
    public Svg Card(double x, double y, double width, double height, string heading, params string[] lines)
    {
        Box(x, y, width, height);
        var top = y + height / 2 - 8 * lines.Length + 5;
        Text(x + width / 2, top, heading, "head mid");
        for (var i = 0; i < lines.Length; i++) Text(x + width / 2, top + 17 + 15 * i, lines[i], "soft mid");
        return this;
    }

    /// <summary>A line that ends in an arrow.</summary>
    public Svg Arrow(string path, string look = "line") => Add(
        $"""<path class="{look}" d="{path}" marker-end="url(#arrow)"/>""");

    public Svg Line(string path, string look) => Add($"""<path class="{look}" d="{path}"/>""");

    public string Finish(double height, string title) => $"""
        <svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{N(height)}" viewBox="0 0 {Width} {N(height)}">
        <title>{WebUtility.HtmlEncode(title)}</title>
        <style>
        {Style}
        </style>
        <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
        <path d="M0 0L8 4L0 8z" fill="#1e6047"/></marker></defs>
        <rect width="{Width}" height="{N(height)}" fill="#ffffff"/>
        {_parts}</svg>

        """.ReplaceLineEndings("\n");

    public static string N(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);

    Svg Add(string part)
    {
        _parts.Append(part).Append('\n');
        return this;
    }
}

namespace Amrutam.Tests.Tidy.Drawings;

/// <summary>The drawing of docs/booking-flow.md: the messages of one booking from top to bottom.</summary>
static class BookingFlowDrawing
{
    const int P = 90, E = 350, B = 620, D = 890, Top = 64, LineHeight = 16;

    static readonly (int X, string Name)[] Columns =
        [(P, "Patient"), (E, "HTTP edge"), (B, "Booking batch"), (D, "PostgreSQL")];

    /// <summary>A message from one column to another, or to itself; a note has no target.</summary>
    sealed record Step(int From, int? To, params string[] Lines);

    static readonly Step[] Steps = [
        new(P, E, "POST /api/bookings", "with Idempotency-Key"),
        new(E, E, "token, role, body"),
        new(E, B, "one request"),
        new(B, null, "What arrives while the last statement runs forms the next batch.",
            "An idle server adds no wait. A request without a key joins",
            "a waiting request for the same slot."),
        new(B, D, "one transaction for the batch"),
        new(D, D, "lock the slots in the order of their ids,", "then the patients"),
        new(D, D, "refuse, or insert bookings, mark slots,", "claim keys, append events"),
        new(D, B, "an outcome for each request"),
        new(B, null, "The doctor's public lists are invalidated here,", "before any patient hears “booked”."),
        new(B, E, "the outcome of this request"),
    ];

    static readonly (string When, string Answer)[] Answers = [
        ("booked", "201 and the booking"),
        ("taken, closed or held, or another booking overlaps", "409 with the problem's code"),
        ("unknown whether the commit reached the standby", "503 outcome_unknown: retry, same key"),
    ];

    public static string Draw()
    {
        var (parts, y) = (new Svg(), (double)Top + 20);
        var height = y + Steps.Sum(Height) + 52 * Answers.Length + 40;
        foreach (var (x, name) in Columns)
            parts.Line($"M{x} {Top - 14}V{Svg.N(height - 20)}", "weak").Box(x - 75, 14, 150, 36, "bar")
                .Text(x, 37, name, "head mid");
        foreach (var step in Steps)
        {
            Draw(parts, step, y);
            y += Height(step);
        }
        foreach (var (when, answer) in Answers)
        {
            parts.Box(20, y, 640, 44, "group").Text(E + 14, y + 26, when, "soft")
                .Text((P + E) / 2, y + 18, answer, "mid").Arrow($"M{E} {Svg.N(y + 30)}H{P}");
            y += 52;
        }
        return parts.Finish(height, "A booking, step by step");
    }

    static double Height(Step step) => LineHeight * step.Lines.Length + (step.To is null ? 30 : 26);

    static void Draw(Svg parts, Step step, double y)
    {
        var end = y + LineHeight * step.Lines.Length;
        if (step.To is null) parts.Box(step.From - 215, y - 2, 430, end - y + 12, "note");
        for (var i = 0; i < step.Lines.Length; i++)
        {
            var line = y + LineHeight * (i + 1) - 2;
            if (step.To is { } to && to != step.From)
                parts.Text((step.From + to) / 2.0, line, step.Lines[i], "mid");
            else if (step.To is null) parts.Text(step.From, line + 1, step.Lines[i], "mid");
            else if (step.From == D) parts.Text(D - 14, line, step.Lines[i], "end");
            else parts.Text(step.From + 44, line, step.Lines[i]);
        }
        if (step.To is not { } target) return;
        parts.Arrow(target == step.From
            ? $"M{target} {Svg.N(y + 2)}c34 0 34 {Svg.N(end - y)} 2 {Svg.N(end - y)}"
            : $"M{step.From} {Svg.N(end + 6)}H{target}");
    }
}

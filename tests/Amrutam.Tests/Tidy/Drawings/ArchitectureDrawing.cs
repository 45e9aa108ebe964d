namespace Amrutam.Tests.Tidy.Drawings;

/// <summary>The drawing of docs/architecture.md: callers, the process with its parts, and what lies outside.</summary>
static class ArchitectureDrawing
{
    static readonly (string Name, string[] Does)[] Modules = [
        ("Identity", ["accounts,", "sign-in"]), ("Doctors", ["profiles,", "directory"]),
        ("Patients", ["people who", "are treated"]), ("Scheduling", ["slots,", "bookings"]),
        ("Notifications", ["mail,", "calendars"]),
        ("Audit", ["event log,", "seals"]), ("Analytics", ["figures from", "events"]),
        ("Portal", ["web pages"]),
    ];

    public static string Draw()
    {
        var svg = new Svg();
        svg.Box(15, 105, 970, 420, "group")
            .Text(30, 517, "Amrutam: one process, as many replicas as wanted", "title");
        svg.Card(30, 15, 290, 50, "Patients and doctors", "apps of the clinic")
            .Card(355, 15, 290, 50, "Administrators", "browser")
            .Card(680, 15, 290, 50, "Operator", "Prometheus, probes")
            .Card(30, 145, 780, 60, "HTTP edge",
                "headers · problems · who may · public responses from memory · checks of form")
            .Card(830, 145, 140, 174, "Management", "address of its own:", "metrics,", "health in detail");
        svg.Arrow("M175 65V143").Arrow("M500 65V143").Arrow("M900 65V143")
            .Text(185, 90, "HTTPS", "soft").Text(510, 90, "HTTPS", "soft");
        for (var i = 0; i < Modules.Length; i++)
        {
            const int Left = 30, Right = 822, Gap = 8;
            var step = (Right - Left) / Modules.Length;
            var (x, width) = (Left + step * i, step - Gap);
            svg.Card(x, 245, width, 74, Modules[i].Name, Modules[i].Does).Arrow($"M{x + width / 2} 205V243");
        }
        svg.Box(30, 345, 940, 44, "bar").Text(500, 364, "Amrutam.Platform", "head mid")
            .Text(500, 381, "SQL, migrations, idempotency, event log, invariants, jobs, telemetry", "soft mid")
            .Card(30, 435, 300, 64, "Readers of the log", "each event once, in order: roll-ups")
            .Card(350, 435, 300, 64, "Jobs", "slots ahead, expiry, mail, retention")
            .Card(670, 435, 300, 64, "Sealer", "chains and signs finished ranges");
        svg.Card(30, 600, 620, 84, "PostgreSQL 15 or newer", "a schema for each module",
                "audit.events: every change writes its event in the same statement")
            .Card(670, 600, 300, 84, "Outside the database", "copies of the seals in a folder", "mail server");
        svg.Arrow("M240 598V501").Text(250, 560, "events in order", "soft")
            .Arrow("M90 389V433").Arrow("M500 389V433").Arrow("M820 389V433").Arrow("M440 499V598")
            .Text(450, 560, "change and event together", "soft").Arrow("M820 499V598");
        return svg.Finish(700, "The architecture of Amrutam");
    }
}

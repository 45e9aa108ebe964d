using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>Two months of a clinic's events, the same in each run, as content for pages.</summary>
static class History
{
    const int Days = 60;
    static readonly string[] Fields = ["Panchakarma", "Kayachikitsa", "Kaumarabhritya", "Shalakya", "Manasa roga"];
    static readonly int[] Hours = [9, 10, 10, 10, 11, 11, 12, 16, 17, 17, 18, 18, 18, 19];
    static readonly DateTimeZone Clinic = DateTimeZoneProviders.Tzdb["Asia/Kolkata"];

    static readonly Duration Soon = Duration.FromMinutes(50), AfterVisit = Duration.FromHours(1);

    sealed record Happened(string Action, string Entity, Guid Id, string Details, Instant At, string Role);

    /// <returns>The number of bookings.</returns>
    public static async Task<int> Write(TestServer server)
    {
        await server.Owner.Statement("select audit.make_partitions(3, 0)").Execute();
        var doctors = new List<Guid>();
        foreach (var field in Fields) doctors.Add((await server.Doctor(specialization: field)).Id);
        var random = new Random(20261122);
        var events = new List<Happened>();
        var now = SystemClock.Instance.GetCurrentInstant();
        var today = now.InZone(Clinic).Date;
        for (var day = today.PlusDays(-Days); day <= today; day = day.PlusDays(1))
            events.AddRange(Day(day, today, doctors, random));
        var past = events.Where(e => e.At < now).OrderBy(e => e.At).ToList();
        await server.Owner.Statement(Insert)
            .With(past.ConvertAll(e => e.Action).ToArray()).With(past.ConvertAll(e => e.Entity).ToArray())
            .With(past.ConvertAll(e => e.Id).ToArray()).With(past.ConvertAll(e => e.Details).ToArray())
            .With(past.ConvertAll(e => e.At.ToDateTimeUtc()).ToArray()).With(past.ConvertAll(e => e.Role).ToArray())
            .Execute();
        await server.Owner.Statement(Refusals).Execute();
        await server.Owner.Statement(OneToVerify).Execute();
        return past.Count(e => e.Action == "bookings.booked");
    }

    static IEnumerable<Happened> Day(LocalDate day, LocalDate today, List<Guid> doctors, Random random)
    {
        var morning = day.At(new(8, 0)).InZoneLeniently(Clinic).ToInstant();
        yield return new("slots.published", "slot", Guid.CreateVersion7(), """{"count": 60}""", morning, "doctor");
        for (var i = 0; i < 2 + random.Next(5); i++)
            yield return new("accounts.signed_up", "account", Guid.CreateVersion7(), """{"role": "patient"}""",
                morning, "patient");
        if (day.Day % 9 == 0)
            yield return new("accounts.signed_up", "account", Guid.CreateVersion7(), """{"role": "doctor"}""",
                morning, "doctor");
        var growth = (Days - Period.DaysBetween(day, today)) / 4;
        var bookings = (day.DayOfWeek == IsoDayOfWeek.Sunday ? 12 : 26) + growth + random.Next(8);
        for (var i = 0; i < bookings; i++)
        {
            var id = Guid.CreateVersion7();
            var at = morning + Duration.FromMinutes(random.Next(14 * 60));
            var visit = day.PlusDays(random.Next(4) == 0 ? random.Next(12) : random.Next(3))
                .At(new(Hours[random.Next(Hours.Length)], 0))
                .InZoneLeniently(Clinic).ToInstant();
            if (visit <= at) visit += Duration.FromDays(1);
            var doctor = doctors[random.Next(100) % 7 % doctors.Count];
            var details = $$"""{"doctor_id": "{{doctor}}", "starts_at": "{{visit}}"}""";
            var (cancels, misses) = (random.Next(100) < 9, random.Next(100) < 4);
            yield return new("bookings.booked", "booking", id, details, at, "patient");
            if (cancels) yield return new("bookings.cancelled", "booking", id, details, at + Soon, "patient");
            else if (misses) yield return new("bookings.no_show", "booking", id, details, visit + AfterVisit, "doctor");
        }
    }

    const string Insert = """
        insert into audit.events (action, entity, entity_id, details, at, actor_role)
        select a, e, i, d::jsonb, t, r from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[],
             $6::text[]) u(a, e, i, d, t, r)
        """;

    const string OneToVerify = """
        update doctors.profiles set verified_at = null, created_at = now() - interval '3 days'
         where specialization = 'Shalakya'
        """;

    const string Refusals = """
        insert into analytics.attempts (day, outcome, n)
        select current_date - d, o, n from generate_series(0, 27) d,
               (values ('booked', 38), ('one_active_booking_per_slot', 4),
                    ('bookings_of_a_patient_do_not_overlap', 1), ('slot_is_closed', 1)) v(o, n)
        on conflict (day, outcome) do update set n = excluded.n
        """;
}

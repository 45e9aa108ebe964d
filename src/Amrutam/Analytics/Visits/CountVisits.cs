using System.Runtime.InteropServices;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Http.Binding;
using NodaTime;
using Npgsql;

namespace Amrutam.Analytics.Visits;

/// <summary>Counts the visits of each doctor by the day in the doctor's time zone and by outcome.</summary>
/// <remarks>Its result depends only on the events and the doctors' present zones. So a replay gives the same counts as
/// the first reading. It is a reader of its own, because a server of the previous version moves the cursor of
/// <see cref="RollUp"/> without these counts.</remarks>
sealed class CountVisits : IReadEvents
{
    public string Name => "visits";

    sealed record Visit(Guid Id, Guid DoctorId, Instant StartsAt, LocalDate Day, string Outcome);

    /// <summary>The visits that a batch changes, as they were and as they become.</summary>
    sealed record Changes(Dictionary<Guid, Visit> Before, Dictionary<Guid, Visit> After);

    public async Task Apply(NpgsqlConnection connection, IReadOnlyList<Event> events)
    {
        var ids = events.Where(e => BookingEvents.OutcomeAfter(e.Action) is not null).Select(e => e.EntityId!.Value);
        var moved = events.Where(ChangesZone).Select(e => e.EntityId!.Value).Distinct().ToArray();
        var before = (await connection.Statement(Known).With(ids.Distinct().ToArray()).With(moved).List(Read))
            .ToDictionary(v => v.Id);
        var changes = new Changes(before, new(before));
        foreach (var e in events)
            if (BookingEvents.OutcomeAfter(e.Action) is { } outcome) Change(e, outcome, changes);
        await Write(connection, changes);
    }

    static void Change(Event e, string outcome, Changes changes)
    {
        var id = e.EntityId!.Value;
        if (e.IsNew())
            changes.After[id] = new(id, e.DoctorId(), e.StartsAt(), default, outcome);
        else if (!changes.After.TryGetValue(id, out var visit))
            throw new InvalidDataException("a booking changed that was never booked");
        else
            changes.After[id] = e.Action == "bookings.moved"
                ? visit with { DoctorId = e.DoctorId(), StartsAt = e.StartsAt() }
                : visit with { Outcome = outcome };
    }

    // A value of another member may have the same text. Then the visits are dated again without a change.
    static bool ChangesZone(Event e) =>
        e.Action == "profiles.changed" && e.Details.AsSpan().IndexOf("\"time_zone\""u8) >= 0;

    static async Task Write(NpgsqlConnection connection, Changes changes)
    {
        var doctors = changes.After.Values.Select(v => v.DoctorId).Distinct().ToArray();
        var zones = (await connection.Statement(Zones).With(doctors)
            .List(row => (Id: row.GetGuid(0), Zone: TimeZones.Zone(row.GetString(1)) ?? DateTimeZone.Utc)))
            .ToDictionary(z => z.Id, z => z.Zone);
        List<Visit> changed = [.. changes.After.Values
            .Select(v => v with { Day = v.StartsAt.InZone(zones.GetValueOrDefault(v.DoctorId, DateTimeZone.Utc)).Date })
            .Where(v => changes.Before.GetValueOrDefault(v.Id) != v)];
        var sums = new Dictionary<(LocalDate Day, Guid Doctor, string Outcome), long>();
        foreach (var visit in changed)
        {
            if (changes.Before.TryGetValue(visit.Id, out var was)) Add(was, -1);
            Add(visit, 1);
        }
        await connection.Statement(SaveVisits).With(changed.ConvertAll(v => v.Id).ToArray())
            .With(changed.ConvertAll(v => v.DoctorId).ToArray())
            .With(changed.ConvertAll(v => v.StartsAt.ToDateTimeUtc()).ToArray())
            .With(changed.ConvertAll(v => v.Day.ToDateOnly()).ToArray())
            .With(changed.ConvertAll(v => v.Outcome).ToArray()).Execute();
        var counts = sums.Where(s => s.Value != 0).ToList();
        await connection.Statement(AddCounts).With(counts.ConvertAll(c => c.Key.Day.ToDateOnly()).ToArray())
            .With(counts.ConvertAll(c => c.Key.Doctor).ToArray())
            .With(counts.ConvertAll(c => c.Key.Outcome).ToArray())
            .With(counts.ConvertAll(c => c.Value).ToArray()).Execute();

        void Add(Visit visit, long n) => CollectionsMarshal.GetValueRefOrAddDefault(sums,
            (visit.Day, visit.DoctorId, visit.Outcome), out _) += n;
    }

    /// <summary>Starts over, because a count does not know its events.</summary>
    public async Task<long> Rewind(NpgsqlConnection connection, long position)
    {
        await connection.Statement(ForgetVisits).Execute();
        await connection.Statement(ForgetCounts).Execute();
        return 0;
    }

    static Visit Read(NpgsqlDataReader row) => new(row.GetGuid(0), row.GetGuid(1), row.GetInstant(2),
        LocalDate.FromDateOnly(row.GetFieldValue<DateOnly>(3)), row.GetString(4));

    const string ForgetVisits = "delete from analytics.visits";

    const string ForgetCounts = "delete from analytics.visit_days";

    // All visits of a doctor whose zone changed are dated again, which is rare.
    const string Known = """
        select id, doctor_id, starts_at, day, outcome from analytics.visits where id = any($1)
        union
        select id, doctor_id, starts_at, day, outcome from analytics.visits where doctor_id = any($2)
        """;

    const string Zones = "select id, time_zone from doctors.practitioners where id = any($1)";

    const string SaveVisits = """
        insert into analytics.visits (id, doctor_id, starts_at, day, outcome)
        select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::date[], $5::text[])
        on conflict (id) do update set doctor_id = excluded.doctor_id, starts_at = excluded.starts_at,
               day = excluded.day, outcome = excluded.outcome
        """;

    const string AddCounts = """
        insert into analytics.visit_days as d (day, doctor_id, outcome, n)
        select * from unnest($1::date[], $2::uuid[], $3::text[], $4::bigint[])
        on conflict (day, doctor_id, outcome) do update set n = d.n + excluded.n
        """;
}

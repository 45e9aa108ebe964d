using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Contracts;

/// <summary>Answers which doctors offer a kind of visit, and when a visit of it can begin.</summary>
sealed class VisitsOnOffer([FromKeyedServices(Database.ForLists)] NpgsqlDataSource db)
{
    /// <param name="Zone">The doctor's time zone.</param>
    /// <param name="VisitType">The kind with the length and the price that count for this doctor.</param>
    public sealed record Offer(Guid Doctor, string Zone, VisitTypeCopy VisitType);

    // A hundred times the slowest question that was measured.
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>The doctors who offer the kind, bookable ones and others; none if the kind was withdrawn.</summary>
    public Task<List<Offer>> Of(Guid visitType, CancellationToken ct) =>
        db.Statement(SelectOffers).With(visitType).List(row =>
            new Offer(row.GetGuid(0), row.GetString(1), VisitTypeCopy.Read(row.GetString(2))!), ct);

    /// <param name="times">For each doctor, the first instant of the search and the instant that ends it, not
    /// included.</param>
    /// <returns>The start of the first open slot at which a visit of the kind fits, for each doctor who has
    /// one.</returns>
    public async Task<Dictionary<Guid, Instant>> FirstSlots(Guid visitType,
        IReadOnlyCollection<(Guid Doctor, Instant From, Instant Until)> times, CancellationToken ct) =>
        (await db.Statement(SelectFirst).With(visitType).With(times.Select(time => time.Doctor).ToArray())
            .With(times.Select(time => time.From.ToDateTimeUtc()).ToArray())
            .With(times.Select(time => time.Until.ToDateTimeUtc()).ToArray()).Within(Longest)
            .List(row => (Doctor: row.GetGuid(0), At: row.GetInstant(1)), ct))
        .ToDictionary(first => first.Doctor, first => first.At);

    const string SelectOffers = """
        select o.doctor_id, d.time_zone, scheduling.copy_of_visit_type(o)::text
          from scheduling.offered_visit_types o
         cross join lateral (select p.time_zone from doctors.practitioners p where p.id = o.doctor_id offset 0) d
         where o.id = $1
        """;

    const string SelectFirst = """
        select asked.doctor_id, first.starts_at
          from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) as asked (doctor_id, from_time, until_time)
         cross join lateral (
            select s.starts_at from scheduling.open_slots s
             where s.doctor_id = asked.doctor_id and s.starts_at > statement_timestamp()
               and s.starts_at >= asked.from_time and s.starts_at < asked.until_time
               and exists (
                    select from scheduling.visit_that_fits(s.id, s.doctor_id, s.starts_at, s.ends_at, $1, null, null))
             order by s.starts_at limit 1) first
        """;
}

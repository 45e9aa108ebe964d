using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Jobs;
using Amrutam.Scheduling.Generation;
using Npgsql;

namespace Amrutam.Scheduling.Schedule;

/// <summary>Makes every doctor's slots up to the horizon: for each at their own midnight, after their zone changed, and
/// after a booking ended whose slot the rules had given up.</summary>
/// <remarks>
/// Replicas, and the workers of each, share the doctors that are due: each takes those whose calendar nobody is at, and
/// never waits. What is there already is left alone, so a run that is cut short or done twice does no harm.
/// </remarks>
sealed class GenerateSlots(NpgsqlDataSource db, CacheInvalidation changes) : IJob
{
    // One statement inserts for all of them. Three months of half hours of twenty doctors are a second or two even on a
    // busy machine, far from the time at which a statement is given up.
    const int DoctorsAtOnce = 20;

    // While the database inserts for the one, the other plans; more would take the processors from those who book.
    const int Workers = 2;

    // As many as other workers and replicas may be at just now, so that one more finds doctors behind theirs.
    const int DoctorsLookedAt = DoctorsAtOnce * 8;

    static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <param name="Doctors">How many were due.</param>
    public readonly record struct Made(int Doctors, int Added, int Closed)
    {
        public static Made operator +(Made one, Made other) =>
            new(one.Doctors + other.Doctors, one.Added + other.Added, one.Closed + other.Closed);
    }

    string IJob.Name => "make_slots_ahead";

    TimeSpan IJob.Every => Every;

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping)
    {
        await MakeAll(stopping);
        return Every;
    }

    /// <summary>Makes the slots of every doctor that is due, but those that somebody else is at.</summary>
    public async Task<Made> MakeAll(CancellationToken ct)
    {
        var made = await Task.WhenAll(Enumerable.Range(0, Workers).Select(async _ =>
        {
            var all = default(Made);
            while (!ct.IsCancellationRequested && await MakeSome() is { Doctors: > 0 } some) all += some;
            return all;
        }));
        return made.Aggregate((one, other) => one + other);
    }

    /// <summary>Makes the slots of some doctors, of those that have been due longest.</summary>
    public async Task<Made> MakeSome()
    {
        var made = await db.InTransaction(MakeSome);
        if (made.Added + made.Closed > 0) changes.InvalidateAll();
        return made;
    }

    static async Task<Made> MakeSome(NpgsqlConnection connection)
    {
        var mine = await connection.Statement(TakeDue).With(DoctorsAtOnce).With(DoctorsLookedAt)
            .List(row => row.GetGuid(0));
        // What another had finished just before it was taken here is not due any more.
        var due = await connection.Statement(StillDue).With(mine.ToArray()).List(row => row.GetGuid(0));
        if (due.Count == 0) return default;
        var calendars = await DoctorCalendar.Of(connection, [.. due]);
        var done = await ApplySlotPlan.Apply(connection, calendars.ConvertAll(c => (c, c.Plan())), by: null);
        await connection.Statement(Postpone).With(calendars.ConvertAll(c => c.Doctor).ToArray())
            .With(calendars.ConvertAll(c => c.Tomorrow.ToDateTimeUtc()).ToArray())
            .With(calendars.ConvertAll(c => c.Zone.Id).ToArray()).Execute();
        return new Made(calendars.Count, done.Added, done.Closed);
    }

    // The lock is the one of DoctorCalendar.Lock. It is tried row by row until there are enough; one that is had in
    // vain ends with the transaction.
    const string TakeDue = """
        with due as materialized (
            select doctor_id from scheduling.due_calendars order by due_at limit $2)
        select doctor_id from due
         where pg_try_advisory_xact_lock(hashtextextended('calendar ' || doctor_id, 0)) limit $1
        """;

    const string StillDue = "select doctor_id from scheduling.due_calendars where doctor_id = any($1)";

    const string Postpone = """
        update scheduling.availability a set due_at = d.due_at, made_in_zone = d.zone
          from unnest($1::uuid[], $2::timestamptz[], $3::text[]) as d (doctor_id, due_at, zone)
         where a.doctor_id = d.doctor_id
        """;
}

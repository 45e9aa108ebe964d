using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Jobs;
using Npgsql;

namespace Amrutam.Scheduling.Schedule;

/// <summary>Generates every doctor's slots up to the horizon. It runs at the doctor's midnight, after a change of zone,
/// and after the end of a withdrawn slot's booking.</summary>
/// <remarks>Replicas and their workers share the due doctors: each worker takes doctors whose calendars are unlocked
/// and never waits. Existing slots stay, so an interrupted or repeated run does no harm.</remarks>
sealed class GenerateSlots(NpgsqlDataSource db, CacheInvalidation changes) : IJob
{
    // One statement inserts for all of them. Three months of half hours of twenty doctors take a second or two on a
    // busy machine, far below the timeout of a statement.
    const int DoctorsAtOnce = 20;

    // While the database inserts for one worker, the other plans. More would take processors from bookings.
    const int Workers = 2;

    // As many as other workers and replicas may have locked, so that one more worker finds doctors behind theirs.
    const int DoctorsLookedAt = DoctorsAtOnce * 8;

    static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <param name="Doctors">The number of due doctors.</param>
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

    /// <summary>Generates the slots of every due doctor whose calendar is unlocked.</summary>
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

    /// <summary>Generates the slots of a few doctors, the longest due first.</summary>
    public async Task<Made> MakeSome()
    {
        var made = await db.InTransaction(MakeSome);
        if (made.Added + made.Closed > 0) changes.InvalidateAll();
        return made;
    }

    static async Task<Made> MakeSome(NpgsqlConnection connection)
    {
        var mine = await connection.Statement(LockDue).With(DoctorsAtOnce).With(DoctorsLookedAt)
            .List(row => row.GetGuid(0));
        // A calendar that another worker finished just before it was locked here is not due any more.
        var due = await connection.Statement(StillDue).With(mine.ToArray()).List(row => row.GetGuid(0));
        if (due.Count == 0) return default;
        var calendars = await DoctorCalendar.Of(connection, [.. due]);
        var done = await ApplySlotPlan.Apply(connection, calendars.ConvertAll(c => (c, c.Plan())), by: null);
        await connection.Statement(Postpone).With(calendars.ConvertAll(c => c.Doctor).ToArray())
            .With(calendars.ConvertAll(c => c.Tomorrow.ToDateTimeUtc()).ToArray())
            .With(calendars.ConvertAll(c => c.Zone.Id).ToArray()).Execute();
        return new Made(calendars.Count, done.Added, done.Closed);
    }

    // The lock is the one of CalendarLocks. It is tried row by row until there are enough; one too many ends with the
    // transaction.
    const string LockDue = """
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

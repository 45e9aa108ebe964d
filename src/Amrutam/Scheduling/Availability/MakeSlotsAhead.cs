using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Scheduling.Availability;

/// <summary>Makes every doctor's slots up to the horizon: for each at their own midnight, and after their zone
/// changed.</summary>
/// <remarks>
/// One replica at a time, by an advisory lock that ends with its transaction. What is there already is left alone, so a
/// run that is cut short or done twice does no harm.
/// </remarks>
sealed partial class MakeSlotsAhead(NpgsqlDataSource db, TimeProvider clock, ILogger<MakeSlotsAhead> log)
    : BackgroundService
{
    // One statement inserts for all of them. Three months of half hours of twenty doctors are a second or two even on a
    // busy machine, far from the time at which a statement is given up.
    const int DoctorsAtOnce = 20;

    // Any constant does; it only has to be the same in every replica and another than other jobs'.
    const long OneReplica = 0x534C4F5453;

    static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <param name="Doctors">How many were due.</param>
    public readonly record struct Made(int Doctors, int Added, int Closed);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (!stoppingToken.IsCancellationRequested && (await MakeSome()).Doctors > 0) { }
            }
            catch (NpgsqlException e)
            {
                LogFailure(e);
            }
            await Task.Delay(Every, clock, stoppingToken);
        }
    }

    /// <summary>Makes the slots of the doctors that have been due longest; none when another replica is at
    /// it.</summary>
    public Task<Made> MakeSome() => db.InTransaction(async connection =>
    {
        if (!await connection.Statement(TakeTurn).With(OneReplica).Value<bool>()) return default;
        var due = (await connection.Statement(Due).With(DoctorsAtOnce).List(row => row.GetGuid(0))).ToArray();
        if (due.Length == 0) return default;
        await DoctorCalendar.Lock(connection, due);
        var calendars = await DoctorCalendar.Of(connection, due);
        var done = await KeepToPlan.Apply(connection, calendars.ConvertAll(c => (c, c.Plan())), by: null);
        await connection.Statement(Postpone).With(calendars.ConvertAll(c => c.Doctor).ToArray())
            .With(calendars.ConvertAll(c => c.Tomorrow.ToDateTimeUtc()).ToArray())
            .With(calendars.ConvertAll(c => c.Zone.Id).ToArray()).Execute();
        return new Made(calendars.Count, done.Added, done.Closed);
    });

    const string TakeTurn = "select pg_try_advisory_xact_lock($1)";

    const string Due = """
        select a.doctor_id
          from scheduling.availability a join doctors.practitioners d on d.id = a.doctor_id
         where a.due_at <= statement_timestamp() or a.made_in_zone is distinct from d.time_zone
         order by a.due_at limit $1
        """;

    const string Postpone = """
        update scheduling.availability a set due_at = d.due_at, made_in_zone = d.zone
          from unnest($1::uuid[], $2::timestamptz[], $3::text[]) as d (doctor_id, due_at, zone)
         where a.doctor_id = d.doctor_id
        """;

    [LoggerMessage(Level = LogLevel.Error, Message = "the slots ahead were not made")]
    partial void LogFailure(Exception exception);
}

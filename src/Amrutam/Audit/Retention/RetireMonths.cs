using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Jobs;
using Npgsql;

namespace Amrutam.Audit.Retention;

/// <summary>Moves months that are older than the retention out of the searched log, and keeps them.</summary>
/// <remarks> The month is detached and becomes part of audit.retired_events, where its seals still cover it. Nothing is
/// ever deleted. A step that would wait for a long reader is abandoned and tried in the next run, so that writers do
/// not wait too. </remarks>
sealed partial class RetireMonths(NpgsqlDataSource db, AuditSettings settings, ILogger<RetireMonths> log) : IJob
{
    // Two steps come before the last one of a month. A clinic that has just shortened its retention has many months.
    const int MostSteps = 400;

    static readonly TimeSpan Every = TimeSpan.FromHours(1);

    string IJob.Name => "retire_months";

    TimeSpan IJob.Every => Every;

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping)
    {
        await Run();
        return Every;
    }

    /// <summary>Retires every month that is due.</summary>
    /// <returns>How many steps that took.</returns>
    public async Task<int> Run()
    {
        for (var step = 0; step < MostSteps; step++)
        {
            if (await db.Statement(Retire).With(settings.RetentionMonths).With(CommonProblems.Trace())
                .Value<string>() is not { } done) return step;
            LogStep(done);
        }
        return MostSteps;
    }

    const string Retire = "select audit.retire_partition($1, $2)";

    [LoggerMessage(Level = LogLevel.Information, Message = "a step of the event log's retention is done: {Step}")]
    partial void LogStep(string step);
}

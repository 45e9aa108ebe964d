namespace Amrutam.Platform.Jobs;

/// <summary>Work that the server repeats until it stops.</summary>
interface IJob
{
    /// <summary>A verb phrase in snake case. Metrics have it as a label.</summary>
    string Name { get; }

    /// <summary>The usual pause after a run; at most a minute after a run that failed.</summary>
    TimeSpan Every { get; }

    /// <summary>The time from the start of the server to the first run.</summary>
    TimeSpan Delay => TimeSpan.Zero;

    /// <summary>Runs once. The runner logs and counts an exception, and runs the job again.</summary>
    /// <returns>The pause until the next run: zero if there is more to do.</returns>
    Task<TimeSpan> RunOnce(CancellationToken stopping);
}

/// <summary>Runs one job as long as the server runs.</summary>
sealed class JobHost<TJob>(TJob job, JobRunner jobs, TimeProvider clock) : BackgroundService where TJob : IJob
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(job.Delay, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await jobs.Every(job.Name, job.Every, () => job.RunOnce(stoppingToken), stoppingToken);
    }
}

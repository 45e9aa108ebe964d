using Amrutam.Platform.Operations;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>Receives the notifications of one channel and polls the database besides, over a connection of its
/// own.</summary>
/// <remarks> The connection is not of the serving pool, and its timeouts are short. It only reads, so it notices a lost
/// connection within seconds. The poll proves that the connection works. It also finds a change whose notification was
/// missed, for example dropped by a connection pooler. </remarks>
/// <param name="database">The database. The listener signs in with the serving role.</param>
/// <param name="name">The name of the connection in pg_stat_activity and of the loop in traces.</param>
sealed class NotificationListener(Database database, string name, TimeProvider clock, FailureLog failures)
{
    const int TimeoutSeconds = 2;

    /// <summary>The longest time between two polls, and the pause before a lost connection is opened again.</summary>
    public static readonly TimeSpan BetweenPolls = TimeSpan.FromSeconds(1);

    /// <summary>Listens until the connection is lost, and then throws.</summary>
    /// <param name="listen">The statement <c>listen</c> with the channel.</param>
    /// <param name="hear">Takes the payload of each notification.</param>
    /// <param name="opened">Runs once, when notifications can no longer be missed.</param>
    /// <param name="poll">Runs after that at once, and then at least each <see cref="BetweenPolls"/>.</param>
    public async Task Listen(string listen, Action<string> hear, Func<NpgsqlConnection, Task> opened,
        Func<NpgsqlConnection, Task> poll, CancellationToken stopping)
    {
        await using var source = Database.OpenUnpooled(ConnectionString(), name);
        await using var connection = source.CreateConnection();
        connection.Notification += (_, notification) => hear(notification.Payload);
        await connection.OpenAsync(stopping);
        try
        {
            await connection.Statement(listen).Execute();
            await opened(connection);
            await Watch(connection, poll, stopping);
        }
        catch (NpgsqlException)
        {
            // PostgreSQL may have ended the idle connections of the pools too.
            database.ReplaceIdleConnections();
            throw;
        }
    }

    async Task Watch(NpgsqlConnection connection, Func<NpgsqlConnection, Task> poll, CancellationToken stopping)
    {
        while (true)
        {
            await poll(connection);
            var polled = clock.GetTimestamp();
            // A notification ends a wait, and there may be many in a second.
            while (BetweenPolls - clock.GetElapsedTime(polled) is var left && left > TimeSpan.Zero
                && await connection.WaitAsync(left, stopping))
            {
            }
        }
    }

    /// <summary>Runs the work again each time it fails, until the server stops.</summary>
    /// <param name="work">Runs without end.</param>
    public async Task UntilStopped(Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            using var activity = Tracing.Begin(name);
            try
            {
                await work(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (
                e is NpgsqlException or OperationCanceledException or TimeoutException or StartupException)
            {
                failures.Report(name, e);
                await Task.Delay(BetweenPolls, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    string ConnectionString() => new NpgsqlConnectionStringBuilder(database.App)
    {
        ApplicationName = name, Pooling = false, Timeout = TimeoutSeconds, CommandTimeout = TimeoutSeconds,
        CancellationTimeout = 1000 * TimeoutSeconds,
    }.ConnectionString;
}

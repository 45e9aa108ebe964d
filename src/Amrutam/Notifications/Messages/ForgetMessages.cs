using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Npgsql;

namespace Amrutam.Notifications.Messages;

/// <summary>Deletes messages of visits that are long past.</summary>
sealed class ForgetMessages(NpgsqlDataSource db) : IJob
{
    // The work of one run; the next one takes the rest.
    const int MostAtOnce = 1000;

    static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(10);

    string IJob.Name => "forget_messages";

    TimeSpan IJob.Every => BetweenLooks;

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping) =>
        await RunOnce() == MostAtOnce ? TimeSpan.Zero : BetweenLooks;

    public Task<int> RunOnce() => db.Statement(DeleteOld).With(MostAtOnce).Execute();

    // A year and a month: longer than the longest booking horizon. A message that is due is not old.
    const string DeleteOld = """
        delete from notifications.messages where id in (
            select id from notifications.messages
             where ended_at < now() - interval '400 days' order by ended_at limit $1 for update skip locked)
        """;
}

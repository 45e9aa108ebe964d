using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Jobs;
using Npgsql;

namespace Amrutam.Notifications.Mail;

/// <summary>Deletes letters that were tried and not sent within three days, parked or not, with an event for
/// each.</summary>
/// <remarks>A letter may carry a token, so it is not kept for longer.</remarks>
sealed class GiveUpMail(NpgsqlDataSource db) : IJob
{
    // The work of one run; the next one takes the rest.
    const int MostAtOnce = 1000;

    string IJob.Name => "give_up_mail";

    TimeSpan IJob.Every => TimeSpan.FromMinutes(1);

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping)
    {
        await RunOnce();
        return TimeSpan.FromMinutes(1);
    }

    public Task<int> RunOnce() => db.Statement(GiveUp).With(MostAtOnce).With(CommonProblems.Trace()).Execute();

    // One that no server had the time to try is not given up unseen.
    const string GiveUp = """
        with old as (
            select id from notifications.outgoing_mails
             where created_at < now() - interval '3 days' and attempts > 0 limit $1 for update skip locked),
        given_up as (delete from notifications.outgoing_mails m using old where m.id = old.id returning m.id)
        insert into audit.events (actor_role, action, entity, entity_id, trace_id)
        select 'system', 'mails.given_up', 'mail', id, $2 from given_up
        """;
}

using System.Text.Json;
using Amrutam.Platform;
using Amrutam.Platform.Telemetry;
using NodaTime;
using Npgsql;

namespace Amrutam.Identity;

/// <summary>Sends the letters that are queued, and tries again later, each time later, when the mail server does not
/// take one.</summary>
/// <remarks>
/// A letter is removed in the transaction that waits for the server's answer, so it is sent at least once; twice only
/// when the process dies between the two. Replicas skip what another one holds.
/// </remarks>
sealed partial class DeliverMail(NpgsqlDataSource db, SecretBox box, IOutgoingMail mail, Jobs jobs,
    ILogger<DeliverMail> log) : BackgroundService
{
    sealed record Queued(Guid Id, byte[] Sealed, int Attempts, Instant WrittenAt);

    // Tries spread over two days: 1, 2, 4 … minutes, half a day at most between.
    const int MaxAttempts = 15;
    static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => jobs.Every("deliver_mail", BetweenLooks,
        async () => await SendNext(stoppingToken) ? TimeSpan.Zero : BetweenLooks, stoppingToken);

    /// <returns>Whether there was one to send.</returns>
    Task<bool> SendNext(CancellationToken stopping) => db.InTransaction(async connection =>
    {
        if (await connection.Statement(Next)
            .One(row => new Queued(row.GetGuid(0), row.GetFieldValue<byte[]>(1), row.GetInt32(2), row.GetInstant(3)),
            stopping) is not { } next) return false;
        var letter = JsonSerializer.Deserialize<Letter>(box.Open(next.Sealed, Letters.Purpose), Json.Options)!;
        try
        {
            await mail.Send(next.Id, next.WrittenAt, letter, stopping);
            await connection.Statement(Remove).With(next.Id).Execute();
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            LogNotTaken(next.Attempts + 1, e.GetType().Name);
            await (next.Attempts + 1 < MaxAttempts
                ? connection.Statement(Postpone).With(next.Id).Execute()
                : connection.Statement(GiveUp).With(next.Id).With(Problems.Trace()).Execute());
        }
        return true;
    });

    const string Next = """
        select id, sealed, attempts, created_at from identity.outgoing_mails
         where next_attempt_at <= now() order by next_attempt_at limit 1 for update skip locked
        """;

    const string Remove = "delete from identity.outgoing_mails where id = $1";

    const string Postpone = """
        update identity.outgoing_mails
           set attempts = attempts + 1, next_attempt_at = now() + least(720, 2 ^ attempts) * interval '1 minute'
         where id = $1
        """;

    const string GiveUp = """
        with given_up as (delete from identity.outgoing_mails where id = $1 returning id)
        insert into audit.events (actor_role, action, entity, entity_id, trace_id)
        select 'system', 'mails.given_up', 'mail', id, $2 from given_up
        """;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "the mail server did not take a letter (attempt {Attempt}, {Failure}); it will be tried again")]
    partial void LogNotTaken(int attempt, string failure);
}

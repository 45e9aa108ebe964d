using System.Security.Cryptography;
using System.Text.Json;
using Amrutam.Identity.Contracts;
using Amrutam.Notifications.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Telemetry;
using MailKit.Net.Smtp;
using NodaTime;
using Npgsql;

namespace Amrutam.Notifications.Mail;

/// <summary>Sends the queued letters one by one. Each attempt ends in one of three ways: the letter is sent, postponed,
/// or parked with the reason. No letter holds up the others.</summary>
/// <remarks> A letter is removed in the transaction that waits for the server's answer, so it is sent at least once. It
/// is sent twice only if the process or the connection ends between the two, and then with the same Message-ID.
/// Replicas skip the letter that another one holds. A letter that was not sent in three days is given up, parked or
/// not: it may carry a token. </remarks>
sealed partial class DeliverMail(NpgsqlDataSource db, Secrets secrets, IOutgoingMail mail,
    ILogger<DeliverMail> log) : IJob
{
    sealed record Queued(Guid Id, byte[] Sealed, int Attempts, Instant WrittenAt);

    static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    string IJob.Name => "deliver_mail";

    TimeSpan IJob.Every => BetweenLooks;

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping) =>
        await SendNext(stopping) ? TimeSpan.Zero : BetweenLooks;

    /// <returns>Whether there was one to send.</returns>
    public Task<bool> SendNext(CancellationToken stopping) => db.InTransaction(async connection =>
    {
        if (await connection.Statement(Next)
            .One(row => new Queued(row.GetGuid(0), row.GetFieldValue<byte[]>(1), row.GetInt32(2), row.GetInstant(3)),
            stopping) is not { } next) return false;
        var outcome = await Send(connection, next, stopping);
        await outcome.Execute();
        return true;
    });

    /// <returns>The statement that records how the attempt ended.</returns>
    async Task<Statement> Send(NpgsqlConnection connection, Queued next, CancellationToken stopping)
    {
        try
        {
            await mail.Send(next.Id, next.WrittenAt, Open(next.Sealed), stopping);
            return connection.Statement(Remove).With(next.Id);
        }
        catch (UndeliverableException e)
        {
            LogParked(e.Reason.Code(), e.Status);
            return connection.Statement(Park).With(next.Id).With(e.Reason.Code()).With(CommonProblems.Trace());
        }
        // It catches every kind of exception, because a letter that stays first in line would hold up all others.
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            var status = e is SmtpCommandException { StatusCode: var code } ? (int)code : 0;
            LogPostponed(next.Attempts + 1, e.GetType().Name, status);
            return connection.Statement(Postpone).With(next.Id);
        }
    }

    /// <exception cref="UndeliverableException">No key opens it, or it is not a letter.</exception>
    Letter Open(byte[] text)
    {
        try
        {
            return JsonSerializer.Deserialize<Letter>(secrets.Decrypt(text, LetterQueue.Purpose), Json.Options)
                ?? throw new UndeliverableException(Undeliverable.Malformed);
        }
        catch (CryptographicException e)
        {
            throw new UndeliverableException(Undeliverable.Unreadable, cause: e);
        }
        catch (JsonException e)
        {
            throw new UndeliverableException(Undeliverable.Malformed, cause: e);
        }
    }

    /// <summary>The parked letters by reason: 0 for each reason that none has.</summary>
    public static async Task<IEnumerable<GaugeReading>> CountParked(IServiceProvider services, CancellationToken ct)
    {
        var counted = await services.GetRequiredService<NpgsqlDataSource>().Statement(Count)
            .List(row => new GaugeReading(row.GetInt64(1), row.GetString(0)), ct);
        return Enum.GetValues<Undeliverable>().Select(reason => new GaugeReading(0, reason.Code()))
            .ExceptBy(counted.Select(reading => reading.Of), reading => reading.Of).Concat(counted);
    }

    const string Next = """
        select id, sealed, attempts, created_at from notifications.outgoing_mails
         where next_attempt_at <= now() order by next_attempt_at limit 1 for update skip locked
        """;

    const string Remove = "delete from notifications.outgoing_mails where id = $1";

    // After 1, 2, 4 … minutes, and half a day at most.
    const string Postpone = """
        update notifications.outgoing_mails
           set attempts = attempts + 1, next_attempt_at = now() + least(720, 2 ^ attempts) * interval '1 minute'
         where id = $1
        """;

    const string Park = """
        with parked as (
            update notifications.outgoing_mails
               set attempts = attempts + 1, next_attempt_at = 'infinity', parked_because = $2
             where id = $1 returning id, parked_because)
        insert into audit.events (actor_role, action, entity, entity_id, details, trace_id)
        select 'system', 'mails.parked', 'mail', id, jsonb_build_object('reason', parked_because), $3 from parked
        """;

    const string Count = """
        select parked_because, count(*) from notifications.outgoing_mails where parked_because is not null group by 1
        """;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "an e-mail was not sent (attempt {Attempt}, {Failure}, status {Status}) and will be tried again; "
            + "if this goes on, check the settings Mail__*")]
    partial void LogPostponed(int attempt, string failure, int status);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "an e-mail cannot be sent and is parked ({Failure}, status {Status}); "
            + "see MailParked in docs/operations.md")]
    partial void LogParked(string failure, int status);
}

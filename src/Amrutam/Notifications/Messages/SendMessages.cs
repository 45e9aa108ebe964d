using Amrutam.Notifications.Calendars;
using Amrutam.Notifications.Contracts;
using Amrutam.Notifications.Mail;
using Amrutam.Notifications.Preferences;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Jobs;
using MailKit.Net.Smtp;
using NodaTime;
using Npgsql;

namespace Amrutam.Notifications.Messages;

/// <summary>Sends due messages one by one. Each is checked again just before: one that no longer stands is dropped with
/// the reason.</summary>
/// <remarks>
/// The row is locked until the mail server has answered, and other replicas skip it. The lock is the lease, and it ends
/// with the connection. If the process ends between the answer and the commit, the message is sent again with the same
/// Message-ID. The text is written from the visit at the moment of sending.
/// </remarks>
sealed partial class SendMessages(NpgsqlDataSource db, IOutgoingMail mail, MessageTexts texts, VisitCalendar calendar,
    MessageMeter meter, Unsubscription unsubscription, ILogger<SendMessages> log) : IJob
{
    static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    string IJob.Name => "send_messages";

    TimeSpan IJob.Every => BetweenLooks;

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping) =>
        await SendNext(stopping) ? TimeSpan.Zero : BetweenLooks;

    /// <param name="Refusal">The code of the reason to drop the message, or null.</param>
    sealed record Due(Guid Id, string Kind, Instant CreatedAt, int Attempts, string? Refusal, string? Email,
        VisitNews? News, Guid Account);

    /// <param name="State">The state in which the message ended, or <see cref="Postponed"/>.</param>
    /// <param name="Reason">The code of the reason why it ended unsent, or null.</param>
    sealed record Outcome(string State, string? Reason = null);

    const string Postponed = "postponed";

    /// <returns>Whether there was a due message.</returns>
    public async Task<bool> SendNext(CancellationToken stopping)
    {
        var attempt = await db.InTransaction<(Due Message, Outcome Outcome)?>(async connection =>
        {
            if (await connection.Statement(Next).One(Read, stopping) is not { } due) return null;
            var outcome = await Send(due, stopping);
            await Record(connection, due, outcome).Execute();
            return (due, outcome);
        });
        if (attempt is not { } made) return false;
        meter.Count(made.Message.Kind, MessagePreferences.Email, made.Outcome.State, made.Outcome.Reason);
        return true;
    }

    async Task<Outcome> Send(Due due, CancellationToken stopping)
    {
        if (due.Refusal is { } refusal) return new("dropped", refusal);
        try
        {
            await mail.Send(due.Id, due.CreatedAt, Write(due), stopping);
            return new("sent");
        }
        catch (UndeliverableException e)
        {
            LogFailed(e.Reason.Code(), e.Status);
            return new("failed", e.Reason.Code());
        }
        // It catches every kind of exception, because a message that stays first in line would hold up all others.
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            var status = e is SmtpCommandException { StatusCode: var code } ? (int)code : 0;
            LogPostponed(due.Attempts + 1, e.GetType().Name, status);
            return new(Postponed);
        }
    }

    static Statement Record(NpgsqlConnection connection, Due due, Outcome outcome) => outcome.State == Postponed
        ? connection.Statement(Postpone).With(due.Id)
        : connection.Statement(Finish).With(due.Id).With(outcome.State).With(outcome.Reason);

    Letter Write(Due due)
    {
        var (subject, text) = texts.Write(due.Kind, due.News!);
        var method = MessageKind.Invites(due.Kind) ? "REQUEST" : MessageKind.Withdraws(due.Kind) ? "CANCEL" : null;
        return new(due.Email!, subject, text)
        {
            Calendar = method is null ? null
                : new(calendar.OfMessage(due.News!.Visit, method, due.Email!), method),
            Unsubscribe = MessageKind.IsReminder(due.Kind) ? unsubscription.Link(due.Account) : null,
        };
    }

    static Due Read(NpgsqlDataReader row)
    {
        var (refusal, kind) = (row.GetStringOrNull(4), row.GetString(1));
        // Text and calendar are written only for a message that stands, which has a visit and a receiver.
        var news = refusal is not null ? null : new VisitNews(CalendarVisit.Read(row, 6), row.GetString(16),
            Zone(row, 17), Zone(row, 18), row.GetBoolean(19));
        return new(row.GetGuid(0), kind, row.GetInstant(2), row.GetInt32(3), refusal, row.GetStringOrNull(5), news,
            row.GetGuid(20));
    }

    static DateTimeZone Zone(NpgsqlDataReader row, int column) =>
        TimeZones.Zone(row.GetString(column)) ?? DateTimeZone.Utc;

    // The one judgement of whether a message still stands. Its reasons are codes of the history.
    const string Next = $"""
        with m as (
            select * from notifications.messages
             where state = 'due' and due_at <= now() order by due_at limit 1 for update skip locked)
        select m.id, m.kind, m.created_at, m.attempts,
               case when v.id is null then 'visit_has_changed'
                    when m.kind like 'reminder%' and not (v.status in ('confirmed', 'checked_in')
                         and v.starts_at = m.starts_at) then 'visit_has_changed'
                    when m.kind not like 'reminder%' and v.revision <> m.revision then 'visit_has_changed'
                    when m.kind in ('requested', 'booked', 'moved') and not v.active then 'visit_has_changed'
                    when m.useless_after <= now() then 'too_late'
                    when m.kind like 'reminder%' and d.may_practise is not true then 'doctor_has_left'
                    when m.kind like 'reminder%' and not 'email' = any(p.reminders) then 'turned_off'
                    when r.id is null then 'no_address' end,
               r.email, {CalendarVisit.Columns}, d.full_name, d.specialization,
               coalesce(p.language, '{MessagePreferences.English}'),
               coalesce(p.time_zone, d.time_zone, 'UTC'), coalesce(d.time_zone, 'UTC'),
               coalesce(v.cancelled_by, '') = 'patient', m.account_id
          from m
          left join scheduling.visits v on v.id = m.booking_id and not v.moved_away
          left join doctors.practitioners d on d.id = v.doctor_id
          left join identity.reachable_people r on r.id = m.account_id
          left join notifications.preferences p on p.account_id = m.account_id
        """;

    const string Finish = """
        update notifications.messages
           set state = $2, reason = $3, ended_at = now(), attempts = attempts + ($2 <> 'dropped')::int
         where id = $1
        """;

    // After 1, 2, 4 … minutes, and an hour at most. The end of its use ends the attempts.
    const string Postpone = """
        update notifications.messages
           set attempts = attempts + 1, due_at = now() + least(60, 2 ^ attempts) * interval '1 minute',
               first_due_at = coalesce(first_due_at, due_at)
         where id = $1
        """;

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "a message was not sent (attempt {Attempt}, {Failure}, status {Status}) and will be tried again; "
            + "if this goes on, check the settings Mail__*")]
    partial void LogPostponed(int attempt, string failure, int status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a message cannot be sent ({Failure}, status {Status})")]
    partial void LogFailed(string failure, int status);
}

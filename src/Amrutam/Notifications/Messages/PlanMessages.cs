using Amrutam.Notifications.Preferences;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Http.Binding;
using NodaTime;
using Npgsql;

namespace Amrutam.Notifications.Messages;

/// <summary>Turns events of visits into messages: one row for each event, receiver, channel and kind, in the
/// transaction of the cursor.</summary>
/// <remarks>
/// The receiver is the patient, or each account that holds a dependant who has no account. Only proved addresses get
/// messages. An event that the visit has already left behind makes a row that is dropped at once, so that every event
/// can be followed. A step has the time at which its transaction began, so it is not later than its event.
/// </remarks>
sealed class PlanMessages : IReadEvents
{
    public string Name => "messages";

    // An event that is read later than this is no news. It also keeps a log that is replayed from writing to people.
    static readonly Duration NewsFor = Duration.FromDays(1);

    /// <param name="Stands">True if the visit still has the revision of the event.</param>
    sealed record Receiver(long Position, string Action, Guid Booking, Instant StartsAt, int Revision, bool Stands,
        Guid Account, QuietHours Quiet);

    public async Task Apply(NpgsqlConnection connection, IReadOnlyList<Event> events)
    {
        var now = (await connection.Statement(ReadNow).One(row => row.GetInstant(0)))!.Value;
        var news = events.Where(e => MessageKind.Of(e.Action) is not null && e.At > now - NewsFor).ToList();
        if (news.Count == 0) return;
        // The people of an imported visit know that it was made.
        var imported = news.Where(e => e.Has("imported"u8, out _)).Select(e => e.Position).ToHashSet();
        var receivers = await connection.Statement(ReadReceivers).With(news.ConvertAll(e => e.Position).ToArray())
            .With(news.ConvertAll(e => e.Action).ToArray()).With(news.ConvertAll(e => e.EntityId!.Value).ToArray())
            .With(news.ConvertAll(e => e.At.ToDateTimeUtc()).ToArray()).List(Read);
        var planned = receivers.SelectMany(r => MessageKind.Plan(MessageKind.Of(r.Action)!, now, r.StartsAt, r.Quiet)
            .Where(m => MessageKind.IsReminder(m.Kind) ? r.Stands : !imported.Contains(r.Position))
            .Select(m => (To: r, Message: m))).ToList();
        if (planned.Count == 0) return;
        await connection.Statement(Insert)
            .With(planned.ConvertAll(_ => Guid.CreateVersion7()).ToArray())
            .With(planned.ConvertAll(p => p.To.Position).ToArray())
            .With(planned.ConvertAll(p => p.To.Account).ToArray())
            .With(planned.ConvertAll(p => p.Message.Kind).ToArray())
            .With(planned.ConvertAll(p => p.To.Booking).ToArray())
            .With(planned.ConvertAll(p => p.To.Revision).ToArray())
            .With(planned.ConvertAll(p => p.To.StartsAt.ToDateTimeUtc()).ToArray())
            .With(planned.ConvertAll(p => p.Message.DueAt.ToDateTimeUtc()).ToArray())
            .With(planned.ConvertAll(p => p.Message.UselessAfter.ToDateTimeUtc()).ToArray())
            .With(planned.ConvertAll(p => p.To.Stands).ToArray()).Execute();
    }

    /// <summary>Nothing: a message that was sent cannot be undone, and an event that is read again makes no second
    /// one.</summary>
    public Task<long> Rewind(NpgsqlConnection connection, long position) => Task.FromResult(position);

    static Receiver Read(NpgsqlDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), row.GetGuid(2), row.GetInstant(3), row.GetInt32(4), row.GetBoolean(5),
            row.GetGuid(6), new(Time(row, 7), Time(row, 8), TimeZones.Zone(row.GetString(9)) ?? DateTimeZone.Utc));

    static LocalTime Time(NpgsqlDataReader row, int column) =>
        LocalTime.FromTimeOnly(row.GetFieldValue<TimeOnly>(column));

    const string ReadNow = "select now()";

    const string ReadReceivers = $"""
        select e.position, e.action, v.id, v.starts_at, coalesce(s.revision, 0), coalesce(s.revision, 0) = v.revision,
               r.id, coalesce(p.quiet_from, '{MessagePreferences.UsuallyQuietFrom}'),
               coalesce(p.quiet_until, '{MessagePreferences.UsuallyQuietUntil}'),
               coalesce(p.time_zone, d.time_zone, 'UTC')
          from unnest($1::bigint[], $2::text[], $3::uuid[], $4::timestamptz[]) as e (position, action, booking, at)
          join scheduling.visits v on v.id = e.booking and not v.moved_away
          left join lateral (
            select max(s.revision) as revision from scheduling.visit_steps s
             where s.booking_id = e.booking and s.at <= e.at and 'bookings.' || s.action = e.action) s on true
          left join doctors.practitioners d on d.id = v.doctor_id
          join lateral (
            select v.patient_id as account
             union all
            select g.account_id from patients.dependants g
             where g.patient_id = v.patient_id
               and not exists (select from identity.people a where a.id = v.patient_id)) a on true
          join identity.reachable_people r on r.id = a.account
          left join notifications.preferences p on p.account_id = r.id
        """;

    const string Insert = """
        insert into notifications.messages (id, event_position, account_id, channel, kind, booking_id, revision,
               starts_at, due_at, useless_after, state, reason, ended_at)
        select id, position, account, 'email', kind, booking, revision, starts_at, due_at, useless_after,
               case when stands then 'due' else 'dropped' end, case when not stands then 'visit_has_changed' end,
               case when not stands then now() end
          from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::uuid[], $6::int[], $7::timestamptz[],
               $8::timestamptz[], $9::timestamptz[], $10::boolean[]) as m (id, position, account, kind, booking,
               revision, starts_at, due_at, useless_after, stands)
        on conflict on constraint one_message_per_event_and_receiver do nothing
        """;
}

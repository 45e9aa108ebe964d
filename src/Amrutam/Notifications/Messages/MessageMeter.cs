using System.Diagnostics.Metrics;
using Amrutam.Platform.Data;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Notifications.Messages;

/// <summary>Counts due messages by the outcome of each attempt, and measures how far the sending is behind.</summary>
sealed class MessageMeter
{
    readonly Counter<long> _attempts, _unsent;

    public MessageMeter(IMeterFactory meters)
    {
        var meter = meters.Create("Amrutam.Notifications");
        _attempts = meter.CreateCounter<long>("amrutam.messages", "{message}",
            "Due messages about visits, by kind, channel and outcome");
        // A series for each kind and reason would be too many.
        _unsent = meter.CreateCounter<long>("amrutam.messages.unsent", "{message}",
            "Due messages that were dropped or cannot be sent, by reason");
    }

    /// <param name="outcome">The state in which the message ended, or <c>postponed</c>.</param>
    /// <param name="reason">The code of the reason why it ended unsent, or null.</param>
    public void Count(string kind, string channel, string outcome, string? reason)
    {
        _attempts.Add(1, new("amrutam.message.kind", kind), new("amrutam.message.channel", channel),
            new("outcome", outcome));
        if (reason is not null) _unsent.Add(1, new KeyValuePair<string, object?>("amrutam.message.reason", reason));
    }

    /// <summary>The age in seconds of the due message that waits longest; 0 if there is none.</summary>
    public static async Task<IEnumerable<GaugeReading>> OldestDue(IServiceProvider services, CancellationToken ct) =>
        [new(await services.GetRequiredService<NpgsqlDataSource>().Statement(Oldest).Value<double>(ct))];

    // A postponed message has its next attempt within the hour, so the index of due messages finds it.
    const string Oldest = """
        select coalesce(extract(epoch from now() - min(coalesce(first_due_at, due_at))), 0)::float8
          from notifications.messages
         where state = 'due' and due_at <= now() + interval '1 hour'
           and (first_due_at is not null or due_at <= now())
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Notifications.Messages;

/// <summary>Lists the messages to the caller about visits, the newest first, with their state.</summary>
static class ListHistory
{
    /// <param name="Reason">The code of the reason why it was not sent, or null.</param>
    /// <param name="DueAt">When it is or was to be sent.</param>
    [SchemaName("Message")]
    sealed record Message(Guid Id, string Kind, string Channel, Guid BookingId, string State, string? Reason,
        Instant DueAt, Instant CreatedAt, Instant? EndedAt);

    sealed record Key(Instant CreatedAt, Guid Id);

    public static readonly string[] States = ["due", "sent", "dropped", "failed"];

    public static void Map(RouteGroupBuilder notifications) =>
        notifications.MapGet("/history", Handle).WithSummary("List the messages to you")
            .WithDescription("Messages about visits of the last 400 days, the newest first. One that was not sent has "
                + "the reason.")
            .WithProblems(PageQuery.NotACursor);

    static async Task<Results<Ok<Page<Message>>, ProblemHttpResult>> Handle([AsParameters] PageQuery query,
        CurrentUser caller, NpgsqlDataSource db, CancellationToken ct)
    {
        var page = query.Open<Key>();
        if (page.Refusal is { } refusal) return refusal;
        var rows = await db.Statement(Select).With(caller.Id).With(page.After?.CreatedAt).With(page.After?.Id)
            .With(page.Fetch).List(Read, ct);
        return TypedResults.Ok(page.Of(rows, m => m, m => new Key(m.CreatedAt, m.Id)));
    }

    static Message Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetGuid(3), row.GetString(4),
            row.GetStringOrNull(5), row.GetInstant(6), row.GetInstant(7), row.GetInstantOrNull(8));

    const string Select = """
        select id, kind, channel, booking_id, state, reason, due_at, created_at, ended_at
          from notifications.messages
         where account_id = $1 and (created_at, id) < (coalesce($2::timestamptz, 'infinity'), $3)
         order by created_at desc, id desc limit $4
        """;
}

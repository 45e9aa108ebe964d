using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Notifications.Messages;

/// <summary>Lists the messages of the clinic that are in one state, the newest first, with the reason.</summary>
/// <remarks>It shows neither the address nor the text. The reader of the list needs neither to find the
/// cause.</remarks>
static class ListMessages
{
    /// <param name="Reason">The code of the reason why it was not sent, or null.</param>
    /// <param name="Attempts">The number of times that it was handed to the channel.</param>
    /// <param name="DueAt">When it is or was to be sent. After a failed attempt it is the time of the next.</param>
    [SchemaName("ClinicMessage")]
    sealed record Message(Guid Id, Guid AccountId, string Kind, string Channel, Guid BookingId, string State,
        string? Reason, int Attempts, Instant DueAt, Instant CreatedAt, Instant? EndedAt);

    sealed record Key(Instant CreatedAt, Guid Id);

    const string DefaultState = "failed";

    public static void Map(RouteGroupBuilder messages) => messages.MapGet("/messages", Handle)
        .WithSummary("List the messages in a state")
        .WithDescription("Messages about visits of the last 400 days, the newest first. Without a state it lists those "
            + "that failed. One that was not sent has the reason.")
        .RecordsAccess<Page<Message>>("messages.read", "message",
            page => page.Items.Select(m => new Shown(m.AccountId, m.Id)))
        .WithProblems(CommonProblems.Invalid, PageQuery.NotACursor);

    static async Task<Results<Ok<Page<Message>>, ProblemHttpResult>> Handle([AsParameters] PageQuery query,
        NpgsqlDataSource db, CancellationToken ct, string? state = null)
    {
        var fields = new RequestValidation().OneOf("state", state, ListHistory.States);
        if (fields.Wrong) return fields.Problem();
        var page = query.Open<Key>();
        if (page.Refusal is { } refusal) return refusal;
        var rows = await db.Statement(Select).With(state ?? DefaultState).With(page.After?.CreatedAt)
            .With(page.After?.Id).With(page.Fetch).List(Read, ct);
        return TypedResults.Ok(page.Of(rows, m => m, m => new Key(m.CreatedAt, m.Id)));
    }

    static Message Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetGuid(1), row.GetString(2), row.GetString(3), row.GetGuid(4), row.GetString(5),
            row.GetStringOrNull(6), row.GetInt32(7), row.GetInstant(8), row.GetInstant(9), row.GetInstantOrNull(10));

    const string Select = """
        select id, account_id, kind, channel, booking_id, state, reason, attempts, due_at, created_at, ended_at
          from notifications.messages
         where state = $1 and (created_at, id) < (coalesce($2::timestamptz, 'infinity'), $3)
         order by created_at desc, id desc limit $4
        """;
}

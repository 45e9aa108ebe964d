using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Audit.Reading;

/// <summary>Returns the event log from a cursor on: every event exactly once, in the order of positions.</summary>
/// <remarks>
/// A page ends at the watermark, so no event can appear before one that was returned. The cursor is a position of the
/// log and belongs to no account. It includes the epoch: after a restore from an earlier time, it continues at the end
/// of that time.
/// </remarks>
static partial class FollowEvents
{
    public const int MaxLimit = 500, DefaultLimit = 100;

    static readonly Problem CursorIsAhead = new(409, "cursor_is_ahead_of_the_log",
        "The log was put back to a time before this cursor; follow it again from an event that you know");

    [SchemaName("FollowedEvent")]
    public sealed record Response(long Position, Instant At, string Action, string Entity, Guid? EntityId,
        Guid? ActorId, string? ActorRole, JsonElement? Details, string? TraceId);

    /// <param name="NextCursor">The next <c>after</c>; unchanged while there is nothing new.</param>
    [SchemaName("FollowedEvents")]
    public sealed record Events(IReadOnlyList<Response> Items, string NextCursor);

    /// <summary>The last event that was returned.</summary>
    sealed record Place(int Epoch, long Position)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Position}");
    }

    public static void Map(RouteGroupBuilder admin) => admin.MapGet("/events", Handle)
        .WithSummary("Follow events")
        .WithDescription("Ask again with `after` set to `next_cursor`; an empty page means that there is nothing new.")
        .RecordsAccess<Events>("events.exported", "event", page => page.Items.SelectMany(Others))
        .WithProblems(PageQuery.NotACursor, CursorIsAhead);

    static async Task<Results<Ok<Events>, ProblemHttpResult>> Handle(NpgsqlDataSource db, EventLogWatermark horizon,
        CancellationToken ct, string? after = null, int? limit = null)
    {
        if (limit is < 1 or > MaxLimit) return CommonProblems.Field("limit", $"must be from 1 to {MaxLimit}");
        if (Parse(after) is not { } place) return PageQuery.NotACursor.Because();
        var log = await horizon.Read(ct);
        var from = await db.Statement(Begin).With(place.Epoch).With(place.Position).Value<long>(ct);
        if (from > log.Newest) return CursorIsAhead.Because();
        var rows = await db.Statement(ReadOn).With(from).With(log.Settled).With(limit ?? DefaultLimit)
            .List(row => (Event: Read(row), Place: new Place(row.GetInt32(9), row.GetInt64(0))), ct);
        return TypedResults.Ok(new Events(rows.ConvertAll(r => r.Event),
            (rows.Count > 0 ? rows[^1].Place : place).ToString()));
    }

    static Place? Parse(string? after)
    {
        if (string.IsNullOrEmpty(after)) return new(0, 0);
        return Form().Match(after) is not { Success: true } match ? null
            : new(int.Parse(match.Groups["epoch"].Value, CultureInfo.InvariantCulture),
                long.Parse(match.Groups["position"].Value, CultureInfo.InvariantCulture));
    }

    /// <summary>The person that an event is about. Reads are left out: following the log would add to it.</summary>
    static IEnumerable<Shown> Others(Response e) =>
        e.Entity == RecordAccess.Entity ? [] : ListEvents.People(e.ActorId, e.ActorRole, e.Entity, e.EntityId);

    static Response Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetInstant(1), row.GetString(2), row.GetString(3), row.GetGuidOrNull(4),
        row.GetGuidOrNull(5), row.GetStringOrNull(6),
        row.GetStringOrNull(7) is { } details ? JsonElement.Parse(details) : null, row.GetStringOrNull(8));

    const string Begin = """
        select least($2, (select min(after_position) from platform.epochs where epoch > $1))
        """;

    const string ReadOn = """
        select position, at, action, entity, entity_id, actor_id, actor_role, details::text, trace_id, epoch
          from audit.events where position > $1 and position <= $2 order by position limit $3
        """;

    [GeneratedRegex(@"^(?<epoch>\d{1,9})-(?<position>\d{1,18})$", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 100)]
    private static partial Regex Form();
}

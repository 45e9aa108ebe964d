using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.TimeOff;

/// <summary>Lists the signed-in doctor's present and future time off, the earliest end first.</summary>
static class ListTimeOff
{
    [SchemaName("TimeOff")]
    public sealed record TimeOff(Guid Id, Instant From, Instant To, Instant CreatedAt, string? Reason)
    {
        public static TimeOff Read(NpgsqlDataReader row) =>
            new(row.GetGuid(0), row.GetInstant(1), row.GetInstant(2), row.GetInstant(3),
                row.GetStringOrNull(4));
    }

    sealed record Key(Instant EndsAt, Guid Id);

    public static void Map(RouteGroupBuilder availability) => availability.MapGet("/time-off", Handle)
        .WithSummary("List your time off")
        .WithDescription("In the order of its begin.")
        .Example(Examples.PageOf(Examples.KeptTimeOff))
        .WithProblems(CommonProblems.Invalid, PageQuery.NotACursor);

    static async Task<Results<Ok<Page<TimeOff>>, ProblemHttpResult>> Handle(
        [AsParameters] PageQuery query, CurrentUser doctor, NpgsqlDataSource db, CancellationToken ct)
    {
        var page = query.Open<Key>();
        if (page.Refusal is not null) return page.Refusal;
        var rows = await db.Statement(Select)
            .With(doctor.Id).With(page.After?.EndsAt).With(page.After?.Id).With(page.Fetch).List(TimeOff.Read, ct);
        return TypedResults.Ok(page.Of(rows, row => row, row => new Key(row.To, row.Id)));
    }

    const string Select = """
        select id, starts_at, ends_at, created_at, reason from scheduling.time_off
         where doctor_id = $1 and ends_at > statement_timestamp()
           and ($2::timestamptz is null or (ends_at, id) > ($2, $3))
         order by ends_at, id
         limit $4
        """;
}

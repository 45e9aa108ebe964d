using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Lists the signed-in patient's places on waiting lists, the latest first, with the present offers.</summary>
static class ListWaitlist
{
    sealed record Key(Instant CreatedAt, Guid Id);

    public static void Map(RouteGroupBuilder waitlist) =>
        waitlist.MapGet("", Handle).WithSummary("List your places in line")
            .WithDescription("The caller's entries on waiting lists, the newest first.")
            .Example(Examples.PageOf(Examples.Offered)).WithProblems(CommonProblems.Invalid, PageQuery.NotACursor);

    static async Task<Results<Ok<Page<WaitlistEntry>>, ProblemHttpResult>> Handle([AsParameters] PageQuery query,
        CurrentUser patient, NpgsqlDataSource db, CancellationToken ct)
    {
        var page = query.Open<Key>();
        if (page.Refusal is not null) return page.Refusal;
        var rows = await db.Statement(Select).With(patient.Id).With(page.After?.CreatedAt).With(page.After?.Id)
            .With(page.Fetch).List(WaitlistEntry.Read, ct);
        return TypedResults.Ok(page.Of(rows, entry => entry, entry => new Key(entry.CreatedAt, entry.Id)));
    }

    const string Select = "select " + WaitlistEntry.Columns + " from " + WaitlistEntry.Tables + """

         where e.patient_id = $1 and ($2::timestamptz is null or (e.created_at, e.id) < ($2, $3))
         order by e.created_at desc, e.id desc
         limit $4
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>Lists the clinic's kinds of visit by name: to everybody those that can be booked, to admins all.</summary>
static class ListVisitTypes
{
    sealed record Key(string Name, Guid Id);

    sealed record Row(VisitType Type, string SortName);

    public static void Map(RouteGroupBuilder open, RouteGroupBuilder forAdmins)
    {
        open.MapGet("", Handle).CachePublic().WithSummary("List the kinds of visit")
            .WithDescription("Open to all: the kinds that the clinic has at present, by name.")
            .Example(Examples.PageOf(VisitTypeExamples.First))
            .WithProblems(CommonProblems.Invalid, PageQuery.NotACursor);
        forAdmins.MapGet("", All).WithSummary("List all kinds of visit")
            .WithDescription("By name, withdrawn kinds included.")
            .Example(Examples.PageOf(VisitTypeExamples.First))
            .WithProblems(CommonProblems.Invalid, PageQuery.NotACursor);
    }

    static Task<Results<Ok<Page<VisitType>>, ProblemHttpResult>> Handle([AsParameters] PageQuery query,
        NpgsqlDataSource db, CancellationToken ct) => List(query, db, activeOnly: true, ct);

    static Task<Results<Ok<Page<VisitType>>, ProblemHttpResult>> All([AsParameters] PageQuery query,
        NpgsqlDataSource db, CancellationToken ct) => List(query, db, activeOnly: false, ct);

    static async Task<Results<Ok<Page<VisitType>>, ProblemHttpResult>> List(PageQuery query, NpgsqlDataSource db,
        bool activeOnly, CancellationToken ct)
    {
        var page = query.Open<Key>();
        if (page.Refusal is { } refusal) return refusal;
        var rows = await db.Statement(Select).With(activeOnly).With(page.After?.Name).With(page.After?.Id)
            .With(page.Fetch).List(row => new Row(VisitType.Read(row), row.GetString(VisitType.Width)), ct);
        return TypedResults.Ok(page.Of(rows, row => row.Type, row => new Key(row.SortName, row.Type.Id)));
    }

    const string Select = $"""
        select {VisitType.Columns}, lower(v.name)
          from scheduling.visit_types v
         where (v.active or not $1) and (lower(v.name), v.id) > (coalesce($2::text, ''), $3)
         order by lower(v.name), v.id
         limit $4
        """;
}

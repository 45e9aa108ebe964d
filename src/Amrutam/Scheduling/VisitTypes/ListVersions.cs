using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>Lists the versions of a kind of visit, the newest first, to an admin.</summary>
static class ListVersions
{
    /// <param name="Content">The kind as it was from then on.</param>
    [SchemaName("VisitTypeVersion")]
    public sealed record Version(int Revision, Instant At, VisitType Content);

    sealed record Key(int Revision);

    public static void Map(RouteGroupBuilder types) => types.MapGet("/{id:guid}/versions", Handle)
        .WithSummary("List the versions of a kind of visit")
        .WithDescription("The newest first. The first one is the present kind.")
        .Example(Examples.PageOf(VisitTypeExamples.Version))
        .WithProblems(CommonProblems.Absent, CommonProblems.Invalid, PageQuery.NotACursor);

    static async Task<Results<Ok<Page<Version>>, ProblemHttpResult>> Handle(Guid id, [AsParameters] PageQuery query,
        NpgsqlDataSource db, CancellationToken ct)
    {
        var page = query.Open<Key>();
        if (page.Refusal is { } refusal) return refusal;
        var rows = await db.Statement(Select).With(id).With(page.After?.Revision).With(page.Fetch).List(row =>
            new Version(row.GetInt32(VisitType.Width - 1), row.GetInstant(VisitType.Width), VisitType.Read(row)), ct);
        if (rows.Count == 0 && page.After is null) return CommonProblems.NotFound();
        return TypedResults.Ok(page.Of(rows, row => row, row => new Key(row.Revision)));
    }

    const string Select = $"""
        select {VisitType.Columns}, h.at
          from scheduling.visit_type_versions h
         cross join lateral jsonb_populate_record(null::scheduling.visit_types, h.content) v
         where h.visit_type_id = $1 and ($2::int is null or h.revision < $2)
         order by h.revision desc
         limit $3
        """;
}

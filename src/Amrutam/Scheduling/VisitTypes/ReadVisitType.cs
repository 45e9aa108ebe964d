using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>Reads one kind of visit, also a withdrawn one, which earlier bookings name.</summary>
static class ReadVisitType
{
    public static void Map(RouteGroupBuilder open) =>
        open.MapGet("/{id:guid}", Handle).WithSummary("Read a kind of visit")
            .WithDescription("Open to all. A withdrawn kind has `active: false`.")
            .WithETag().Example(VisitTypeExamples.First).WithProblems(CommonProblems.Absent);

    static async Task<Results<Ok<VisitType>, ProblemHttpResult>> Handle(Guid id, HttpResponse response,
        NpgsqlDataSource db, CancellationToken ct)
    {
        if (await db.Statement(Select).With(id).One(VisitType.Read, ct) is not { } type)
            return CommonProblems.NotFound();
        response.Headers.ETag = IfMatch.Tag(type.Revision);
        return TypedResults.Ok(type);
    }

    const string Select = $"select {VisitType.Columns} from scheduling.visit_types v where v.id = $1";
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Identity.Invitations;

/// <summary>Lists the open invitations, the newest first.</summary>
static class ListInvitations
{
    [SchemaName("Invitation")]
    sealed record Invitation(Guid Id, string Email, string Role, Guid InvitedBy, Instant ExpiresAt);

    sealed record Key(Guid Id);

    public static void Map(RouteGroupBuilder invitations) =>
        invitations.MapGet("", Handle).WithSummary("List the open invitations")
            .WithDescription("The newest first, without those that were accepted, withdrawn or have expired.")
            .WithProblems(PageQuery.NotACursor);

    static async Task<Results<Ok<Page<Invitation>>, ProblemHttpResult>> Handle([AsParameters] PageQuery query,
        NpgsqlDataSource db, CancellationToken ct)
    {
        var page = query.Open<Key>();
        if (page.Refusal is not null) return page.Refusal;
        var rows = await db.Statement(Read).With(page.After?.Id).With(page.Fetch).List(row => new Invitation(
            row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetGuid(3), row.GetInstant(4)), ct);
        return TypedResults.Ok(page.Of(rows, row => row, row => new Key(row.Id)));
    }

    // Ids are in the order of time.
    const string Read = """
        select id, email, role, invited_by, expires_at from identity.open_invitations
         where $1::uuid is null or id < $1
         order by id desc limit $2
        """;
}

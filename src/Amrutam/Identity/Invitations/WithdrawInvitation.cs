using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Identity.Invitations;

/// <summary>Withdraws an open invitation: its link stops working, and the address can be invited again.</summary>
static class WithdrawInvitation
{
    public static void Map(RouteGroupBuilder invitations) =>
        invitations.MapDelete("/{id:guid}", Handle).WithSummary("Withdraw an invitation")
            .WithDescription("Its link stops working at once.")
            .WithProblems(CommonProblems.Absent);

    static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid id, CurrentUser admin, NpgsqlDataSource db) =>
        await db.Statement(Withdraw).With(id).With(admin.Id).With(admin.Role).With(admin.Trace).Execute() == 1
            ? TypedResults.NoContent()
            : CommonProblems.NotFound();

    const string Withdraw = """
        with withdrawn as (
            update identity.invitations set withdrawn_at = now()
             where id = $1 and accepted_at is null and withdrawn_at is null returning id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
        select $2, $3, 'invitations.withdrawn', 'invitation', id, $4 from withdrawn
        """;
}

using Amrutam.Identity.Accounts;
using Amrutam.Identity.Sessions;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Identity.Users;

/// <summary>Ends every session of an account at once.</summary>
static class EndUserSessions
{
    public static void Map(RouteGroupBuilder users) =>
        users.MapDelete("/{id:guid}/sessions", Handle).WithSummary("Sign an account out everywhere")
            .WithDescription("Ends every session of the account at once, on every replica.")
            .WithProblems(CommonProblems.Absent);

    static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid id, CurrentUser admin, NpgsqlDataSource db,
        IdentityDb identity, SessionStore sessions)
    {
        if (!await db.Statement(IsThere).With(id).Value<bool>()) return CommonProblems.NotFound();
        await identity.Change(connection => sessions.EndAll(connection, id, admin, "ended_by_admin"));
        return TypedResults.NoContent();
    }

    const string IsThere = "select exists (select from identity.users where id = $1 and erased_at is null)";
}

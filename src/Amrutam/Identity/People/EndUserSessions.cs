using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Identity.People;

/// <summary>Signs an account out everywhere, at once.</summary>
static class EndUserSessions
{
    public static void Map(RouteGroupBuilder users) =>
        users.MapDelete("/{id:guid}/sessions", Handle).WithSummary("Sign an account out everywhere").Produces(204)
            .Refuses(Problems.Absent);

    static async Task<IResult> Handle(Guid id, CurrentUser admin, NpgsqlDataSource db, IdentityDb identity,
        Sessions sessions)
    {
        if (!await db.Statement(IsThere).With(id).Value<bool>()) return Problems.NotFound();
        await identity.Change(connection => sessions.EndAll(connection, id, admin, "ended_by_admin"));
        return TypedResults.NoContent();
    }

    const string IsThere = "select exists (select from identity.users where id = $1 and erased_at is null)";
}

using Amrutam.Platform;
using Microsoft.AspNetCore.Mvc;
using NodaTime;

namespace Amrutam.Identity.Rights;

/// <summary>Closes the caller's account. Its personal data is erased after a grace period; signing in before then keeps
/// it.</summary>
static class DeleteMe
{
    sealed record Request(string? Password = null);

    sealed record Response(Instant DeletionDueAt);

    sealed record Due(Instant At);

    public static void Map(RouteGroupBuilder me) =>
        me.MapDelete("", Handle).WithSummary("Delete your account").Produces<Response>(202)
        .Refuses(IdentityProblems.LastAdmin, IdentityProblems.ReauthenticationNeeded, IdentityProblems.WrongPassword,
            Problems.TooMany);

    static async Task<IResult> Handle([FromBody] Request request, HttpContext http, CurrentUser caller,
        Reauthentication again, IdentityDb identity,
        Sessions sessions, Letters letters, IdentitySettings settings)
    {
        var known = await again.Check(http, caller, request.Password);
        if (known.User is not { } user) return known.Refusal!;
        Due? due = null;
        await identity.Change(async connection =>
        {
            await connection.Statement(LockAdmins).Execute();
            due = await connection.Statement(Close).With(user.Id).With(settings.DeletionGraceDays).With(caller.Role)
                .With(caller.Trace)
                .One(row => new Due(row.GetInstant(0)));
            if (due is null) return false;
            await letters.WillBeDeleted(connection, user);
            await sessions.EndAll(connection, user.Id, caller, "account_closed");
            return true;
        });
        return due is null ? IdentityProblems.LastAdmin.Because()
            : TypedResults.Json(new Response(due.At), Json.Options, statusCode: 202);
    }

    const string LockAdmins = """
        select id from identity.users where role = 'admin' and suspended_at is null
           and erased_at is null order by id for update
        """;

    const string Close = """
        with closed as (
            update identity.users u set deletion_due_at = now() + $2 * interval '1 day'
             where u.id = $1 and (u.role <> 'admin' or exists (
                   select from identity.users other where other.role = 'admin' and other.suspended_at is null
                      and other.erased_at is null and other.deletion_due_at is null and other.id <> u.id))
         returning u.id, u.deletion_due_at),
        told as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
            select id, $3, 'accounts.closed', 'account', id, $4 from closed)
        select deletion_due_at from closed
        """;
}

using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using NodaTime;
using Npgsql;

namespace Amrutam.Identity.Privacy;

/// <summary>Closes the caller's account and cancels their future appointments. Their personal data is erased after a
/// grace period; a sign-in before then reopens the account.</summary>
static class DeleteMe
{
    sealed record Response(Instant DeletionDueAt);

    sealed record Due(Instant At);

    // A deadlock with a change of the same bookings is over at the next attempt.
    const int Attempts = 3;

    public static void Map(RouteGroupBuilder me) =>
        me.MapPost("/removal", Handle).Replacing(me.MapDelete("", Handle))
            .WithSummary("Delete your account")
            .WithDescription("Cancels what lies ahead at once, and erases personal data after a grace period.")
            .WithProblems([IdentityProblems.LastAdmin, CommonProblems.Conflict, .. Reauthentication.Refusals]);

    static async Task<Results<Accepted<Response>, ProblemHttpResult>> Handle([FromBody] Proof proof, HttpContext http,
        CurrentUser caller, Reauthentication again, IEnumerable<IPersonalData> parts, IdentityDb identity,
        SessionStore sessions, Emails emails, IdentitySettings settings)
    {
        var known = await again.Check(http, caller, proof);
        if (known.User is not { } user) return known.Refusal!;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await Close();
            }
            catch (PostgresException e) when (attempt < Attempts && e.SqlState == PostgresErrorCodes.DeadlockDetected)
            {
            }
        }

        async Task<Results<Accepted<Response>, ProblemHttpResult>> Close()
        {
            Due? due = null;
            Problem? refusal = null;
            await identity.Change(async connection =>
            {
                await Admins.Lock(connection);
                if (await Admins.IsLast(connection, user.Id)) refusal = IdentityProblems.LastAdmin;
                foreach (var part in parts) refusal ??= await part.Leave(connection, user.Id, caller);
                if (refusal is not null) return false;
                due = await connection.Statement(MarkClosed).With(user.Id).With(settings.DeletionGraceDays)
                    .With(caller.Role).With(caller.Trace).One(row => new Due(row.GetInstant(0)));
                await emails.WillBeDeleted(connection, user, due!.At);
                await sessions.EndAll(connection, user.Id, caller, "account_closed");
                return true;
            });
            return refusal is not null ? refusal.Because()
                : TypedResults.Accepted((string?)null, new Response(due!.At));
        }
    }

    const string MarkClosed = """
        with closed as (
            update identity.users set deletion_due_at = now() + $2 * interval '1 day' where id = $1
         returning id, deletion_due_at),
        told as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
            select id, $3, 'accounts.closed', 'account', id, $4 from closed)
        select deletion_due_at from closed
        """;
}

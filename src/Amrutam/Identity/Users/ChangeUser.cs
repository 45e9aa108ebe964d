using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Identity.Users;

/// <summary>Suspends or restores an account, or changes its role. The admin gives their own factors again.</summary>
/// <remarks>The account's sessions end at once on every replica, and its owner is informed by e-mail. A new admin is
/// announced to the other admins. One admin must stay. No admin sets a password.</remarks>
static class ChangeUser
{
    sealed record Request(string? Role = null, bool? Suspended = null, string? Password = null,
        string? TotpCode = null, string? RecoveryCode = null);

    sealed record Found(Guid Id, string Email, string Role, bool Suspended);

    public static void Map(RouteGroupBuilder users) =>
        users.MapPatch("/{id:guid}", Handle).WithSummary("Suspend, restore or change the role of an account")
            .WithDescription("Members that are not given stay as they are. One admin must stay.")
        .WithProblems([CommonProblems.Absent, IdentityProblems.LastAdmin, CommonProblems.Invalid,
            .. Reauthentication.Refusals]);

    static async Task<Results<Ok<AdminUser>, ProblemHttpResult>> Handle(Guid id, Request request, HttpContext http,
        CurrentUser admin, Reauthentication again, IdentityDb identity, SessionStore sessions, Emails emails,
        NpgsqlDataSource db)
    {
        var fields = new RequestValidation().OneOf("role", request.Role, AccountRoles.All);
        if (fields.Wrong) return fields.Problem();
        var known = await again.Check(http, admin, new(request.Password, request.TotpCode, request.RecoveryCode));
        if (known.User is null) return known.Refusal!;
        ProblemHttpResult? refusal = null;
        await identity.Change(async connection =>
        {
            await Admins.Lock(connection);
            var found = await connection.Statement(LockUser).With(id)
                .One(row => new Found(row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetBoolean(3)));
            var demotes = request.Suspended == true || request.Role is { } role && role != Allow.Admin;
            refusal = found is null ? CommonProblems.NotFound()
                : demotes && await Admins.IsLast(connection, id) ? IdentityProblems.LastAdmin.Because()
                : null;
            if (found is null || refusal is not null) return false;
            if (request.Role is { } newRole && newRole != found.Role)
                await SetRole(connection, found, newRole, admin, sessions, emails);
            if (request.Suspended is { } suspended && suspended != found.Suspended)
                await SetSuspended(connection, found, suspended, admin, sessions, emails);
            return true;
        });
        return refusal is not null ? refusal
            : TypedResults.Ok(await db.Statement(Read).With(id).One(AdminUser.Read));
    }

    static async Task SetRole(NpgsqlConnection connection, Found account, string role, CurrentUser admin,
        SessionStore sessions, Emails emails)
    {
        await connection.Statement(UpdateRole).With(account.Id).With(role).With(admin.Id).With(admin.Role)
            .With(admin.Trace).Execute();
        await sessions.EndAll(connection, account.Id, admin, "role_changed");
        await emails.RoleChanged(connection, account.Email, role);
        if (role == Allow.Admin) await emails.AdminAdded(connection, account.Id, account.Email);
    }

    static async Task SetSuspended(NpgsqlConnection connection, Found account, bool suspended, CurrentUser admin,
        SessionStore sessions, Emails emails)
    {
        await connection.Statement(UpdateSuspended).With(account.Id).With(suspended).With(admin.Id).With(admin.Role)
            .With(admin.Trace).Execute();
        if (suspended) await sessions.EndAll(connection, account.Id, admin, "suspended");
        await (suspended ? emails.Suspended(connection, account.Email) : emails.Restored(connection, account.Email));
    }

    const string LockUser = """
        select id, email, role, suspended_at is not null from identity.users
         where id = $1 and erased_at is null for update
        """;

    const string UpdateRole = """
        with changed as (
            update identity.users u set role = $2, security_stamp = gen_random_uuid()::text,
               concurrency_stamp = gen_random_uuid()::text
              from identity.users before where u.id = $1 and before.id = u.id
                 returning u.id, before.role as was, u.role as now)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $3, $4, 'accounts.role_changed', 'account', id, jsonb_build_object('from', was, 'to', now), $5
           from changed
        """;

    const string UpdateSuspended = """
        with changed as (
            update identity.users set suspended_at = case when $2 then now() end,
               security_stamp = gen_random_uuid()::text,
                   concurrency_stamp = gen_random_uuid()::text
             where id = $1 returning id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
        select $3, $4, case when $2 then 'accounts.suspended' else 'accounts.restored' end, 'account', id, $5
           from changed
        """;

    const string Read = "select " + AdminUser.Columns + " from identity.users u where u.id = $1";
}

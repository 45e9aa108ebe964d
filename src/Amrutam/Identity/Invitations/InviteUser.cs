using Amrutam.Identity.Accounts;
using Amrutam.Identity.EmailLinks;
using Amrutam.Identity.Mail;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using NodaTime;
using Npgsql;

namespace Amrutam.Identity.Invitations;

/// <summary>Invites a doctor, staff or an admin by e-mail for seven days. The admin gives their own factors
/// again.</summary>
/// <remarks>An address has at most one open invitation.</remarks>
static class InviteUser
{
    sealed record Request(string Email, string Role, string? Password = null, string? TotpCode = null,
        string? RecoveryCode = null);

    sealed record Response(Guid Id, string Email, string Role, Instant ExpiresAt);

    public static void Map(RouteGroupBuilder invitations) =>
        invitations.MapPost("", Handle).WithSummary("Invite a doctor, staff or an admin")
            .WithDescription("Sends a link by e-mail. The invited person chooses the password.")
            .WithProblems([CommonProblems.Invalid, IdentityProblems.EmailTaken, IdentityProblems.InvitationAlreadyOpen,
                .. Reauthentication.Refusals]);

    static async Task<Results<Created<Response>, ProblemHttpResult>> Handle(Request request, HttpContext http,
        CurrentUser admin, Reauthentication again, UserManager<User> users, IdentityDb identity, Emails emails)
    {
        var fields = new RequestValidation();
        var email = EmailAddress.Parse(request.Email);
        fields.Refuse(email is null, "email", EmailAddress.Rule);
        fields.OneOf("role", request.Role, AccountRoles.Invited);
        if (fields.Wrong) return fields.Problem();
        var known = await again.Check(http, admin, new(request.Password, request.TotpCode, request.RecoveryCode));
        if (known.User is null) return known.Refusal!;
        if (await users.FindByEmailAsync(email!) is not null) return IdentityProblems.EmailTaken.Because();
        try
        {
            return await Send(email!, request.Role, admin, identity, emails) is { } sent
                ? TypedResults.Created((string?)null, sent)
                : CommonProblems.TooMany.Because("This address has had too many e-mails within the hour.");
        }
        catch (PostgresException e) when (e.ConstraintName == IdentityProblems.InvitationAlreadyOpen.Code)
        {
            return IdentityProblems.InvitationAlreadyOpen.Because();
        }
    }

    /// <returns>Null if the address has had too many e-mails; then nobody is invited.</returns>
    static async Task<Response?> Send(string email, string role, CurrentUser admin, IdentityDb identity, Emails emails)
    {
        var token = EmailLinkTokens.New();
        Response? made = null;
        var isSent = await identity.Change(async connection =>
        {
            await connection.Statement(CloseEnded).With(email).With(admin.Id).With(admin.Role).With(admin.Trace)
                .Execute();
            made = await connection.Statement(Add).With(Guid.CreateVersion7()).With(EmailLinkTokens.Hash(token))
                .With(email).With(role).With(admin.Id).With(admin.Role).With(admin.Trace)
                .One(row => new Response(row.GetGuid(0), email, role, row.GetInstant(1)));
            return await emails.Invite(connection, email, role, () => Task.FromResult(token));
        });
        return isSent ? made : null;
    }

    const string Add = """
        with invited as (
            insert into identity.invitations (id, hash, email, role, invited_by, expires_at)
            values ($1, $2, $3, $4, $5, now() + interval '7 days') returning id, role, expires_at),
        told as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $5, $6, 'invitations.sent', 'invitation', id, jsonb_build_object('role', role), $7 from invited)
        select id, expires_at from invited
        """;

    // An invitation that expired or whose sender may not invite any more does not stand in the way of a new one.
    const string CloseEnded = """
        with closed as (
            update identity.invitations i set withdrawn_at = now()
             where lower(i.email) = lower($1) and i.accepted_at is null and i.withdrawn_at is null
               and not exists (select from identity.open_invitations o where o.id = i.id)
            returning i.id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
        select $2, $3, 'invitations.withdrawn', 'invitation', id, $4 from closed
        """;
}

using Amrutam.Identity.Accounts;
using Amrutam.Identity.Contracts;
using Amrutam.Identity.EmailLinks;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;
using NodaTime;
using Npgsql;

namespace Amrutam.Identity.Users;

/// <summary>Invites a doctor or an admin by mail; who takes the invitation chooses the password.</summary>
static class InviteUser
{
    sealed record Request(string Email, string Role, string? Password = null, string? TotpCode = null,
        string? RecoveryCode = null);

    sealed record Response(Guid Id, string Email, string Role, Instant ExpiresAt);

    sealed record Acceptance(string Token, string Password, string? FullName = null);

    public sealed record Invitation(string Email, string Role);

    public sealed record Taken(User? User, Refusal? Refusal);

    const int MaxToken = 100;

    public static void Map(RouteGroupBuilder invitations, RouteGroupBuilder auth)
    {
        invitations.MapPost("", Invite).WithSummary("Invite a doctor or an admin").Produces<Response>(201)
            .WithProblems([CommonProblems.Invalid, IdentityProblems.EmailTaken, IdentityProblems.InvitationAlreadyOpen,
                .. Reauthentication.Refusals]);
        auth.MapPost("/invitations/acceptance", Accept).WithSummary("Take an invitation").Produces<Account>(201)
            .WithProblems(IdentityProblems.InvalidToken, IdentityProblems.WeakPassword, IdentityProblems.EmailTaken);
    }

    static async Task<IResult> Invite(Request request, HttpContext http, CurrentUser admin, Reauthentication again,
        UserManager<User> users, IdentityDb identity, Emails letters)
    {
        var fields = new RequestValidation();
        var email = EmailAddress.Parse(request.Email);
        fields.Refuse(email is null, "email", EmailAddress.Rule);
        fields.Refuse(request.Role is not (Allow.Doctor or Allow.Admin), "role", "must be doctor or admin");
        if (fields.Wrong) return fields.Problem();
        var known = await again.Check(http, admin, new(request.Password, request.TotpCode, request.RecoveryCode));
        if (known.User is null) return known.Refusal!;
        if (await users.FindByEmailAsync(email!) is not null) return IdentityProblems.EmailTaken.Because();
        try
        {
            return TypedResults.Json(await Send(email!, request.Role, admin, identity, letters), Json.Options,
                statusCode: 201);
        }
        catch (PostgresException e) when (e.ConstraintName == IdentityProblems.InvitationAlreadyOpen.Code)
        {
            return IdentityProblems.InvitationAlreadyOpen.Because();
        }
    }

    static async Task<Response> Send(string email, string role, CurrentUser admin, IdentityDb identity, Emails letters)
    {
        var token = EmailLinkTokens.New();
        Response? made = null;
        await identity.Change(async connection =>
        {
            await connection.Statement(CloseEnded).With(email).With(admin.Id).With(admin.Role).With(admin.Trace)
                .Execute();
            made = await connection.Statement(Add).With(Guid.CreateVersion7()).With(EmailLinkTokens.Hash(token))
                .With(email).With(role).With(admin.Id).With(admin.Role).With(admin.Trace)
                .One(row => new Response(row.GetGuid(0), email, role, row.GetInstant(1)));
            await letters.Invite(connection, email, role, token);
        });
        return made!;
    }

    static async Task<IResult> Accept(Acceptance request, NpgsqlDataSource db, UserManager<User> users,
        IdentityDb identity, NewPasswordHash chosen, Emails letters)
    {
        var fields = new RequestValidation();
        var name = PersonName.Parse(fields, request.FullName);
        if (fields.Wrong) return fields.Problem();
        var taken = await Take(request.Token, request.Password, name, db, users, identity, chosen, letters);
        return taken.User is { } user ? TypedResults.Json(Account.Of(user), Json.Options, statusCode: 201)
            : IdentityProblems.Because(taken.Refusal!);
    }

    /// <summary>Looks without using anything up.</summary>
    public static async Task<Invitation?> Find(NpgsqlDataSource db, string token) =>
        token.Length is 0 or > MaxToken
            ? null
            : await db.Statement(FindOne).With(EmailLinkTokens.Hash(token))
                .One(row => new Invitation(row.GetString(0), row.GetString(1)));

    /// <remarks>The account and the use of the invitation are one transaction: who loses the race for the address keeps
    /// the invitation. The token came by mail, so the address is confirmed by using it.</remarks>
    public static async Task<Taken> Take(string token, string password, string? name, NpgsqlDataSource db,
        UserManager<User> users, IdentityDb identity, NewPasswordHash chosen, Emails letters)
    {
        if (await Find(db, token) is not { } invitation) return new(null, new(IdentityProblems.InvalidToken));
        var made = await chosen.Hash(password, invitation.Email);
        if (made.Objection is not null) return new(null, new(IdentityProblems.WeakPassword, made.Objection));
        var user = new User
        {
            Id = Guid.CreateVersion7(), Email = invitation.Email, EmailConfirmed = true, FullName = name,
            Role = invitation.Role, PasswordHash = made.Hash,
        };
        var isOpen = true;
        var added = await SignUp.Add(identity, users, user, user.Id, user.Role, letters, async connection =>
        {
            // Waits for an admin who withdraws the sender's rights at this moment.
            await Admins.Lock(connection);
            return isOpen = await connection.Statement(Use).With(EmailLinkTokens.Hash(token))
                .With(CommonProblems.Trace()).Execute() == 1;
        });
        return added ? new(user, null)
            : new(null, new(isOpen ? IdentityProblems.EmailTaken : IdentityProblems.InvalidToken));
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

    const string FindOne = "select email, role from identity.open_invitations where hash = $1";

    const string Use = """
        with taken as (
            update identity.invitations i set accepted_at = now() from identity.open_invitations o
             where i.hash = $1 and o.id = i.id and i.accepted_at is null and i.withdrawn_at is null returning i.id)
        insert into audit.events (actor_role, action, entity, entity_id, trace_id)
        select 'anonymous', 'invitations.accepted', 'invitation', id, $2 from taken
        """;
}

using Amrutam.Identity.Accounts;
using Amrutam.Identity.Contracts;
using Amrutam.Identity.EmailLinks;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Passwords;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Identity;
using NodaTime;
using Npgsql;

namespace Amrutam.Identity.Users;

/// <summary>Invites a doctor or an admin by mail; who takes the invitation chooses the password.</summary>
static class InviteUser
{
    sealed record Request(string Email, string Role);

    sealed record Response(Guid Id, string Email, string Role, Instant ExpiresAt);

    [SchemaName("AcceptInvitationRequest")]
    sealed record Acceptance(string Token, string Password, string? FullName = null);

    public sealed record Invitation(string Email, string Role);

    public sealed record Taken(User? User, Refusal? Refusal);

    const int MaxName = 200, MaxToken = 100;

    public static void Map(RouteGroupBuilder invitations, RouteGroupBuilder auth)
    {
        invitations.MapPost("", Invite).WithSummary("Invite a doctor or an admin")
            .WithName("InviteUser")
            .WithDescription("Sends a link by e-mail. The invited person chooses the password.")
            .Produces<Response>(201)
            .WithProblems(CommonProblems.Invalid, IdentityProblems.EmailTaken);
        auth.MapPost("/invitations/acceptance", Accept).WithSummary("Accept an invitation")
            .WithName("AcceptInvitation")
            .WithDescription("Creates the invited account, with the token of the message and a password.")
            .Produces<Account>(201)
            .WithProblems(IdentityProblems.InvalidToken, IdentityProblems.WeakPassword, IdentityProblems.EmailTaken);
    }

    static async Task<IResult> Invite(Request request, CurrentUser admin, UserManager<User> users, IdentityDb identity,
        Emails letters)
    {
        var fields = new RequestValidation();
        var email = EmailAddress.Parse(request.Email);
        fields.Refuse(email is null, "email", EmailAddress.Rule);
        fields.Refuse(request.Role is not (Allow.Doctor or Allow.Admin), "role", "must be doctor or admin");
        if (fields.Wrong) return fields.Problem();
        if (await users.FindByEmailAsync(email!) is not null) return IdentityProblems.EmailTaken.Because();
        var token = EmailLinkTokens.New();
        Response? made = null;
        await identity.Change(async connection =>
        {
            made = await connection.Statement(Add).With(Guid.CreateVersion7()).With(EmailLinkTokens.Hash(token))
                .With(email).With(request.Role).With(admin.Id)
                .With(admin.Role).With(admin.Trace)
                    .One(row => new Response(row.GetGuid(0), email!, request.Role, row.GetInstant(1)));
            await letters.Invite(connection, email!, request.Role, token);
        });
        return TypedResults.Json(made, Json.Options, statusCode: 201);
    }

    static async Task<IResult> Accept(Acceptance request, NpgsqlDataSource db, UserManager<User> users,
        IdentityDb identity, NewPasswordHash chosen, Emails letters)
    {
        var fields = new RequestValidation();
        var name = Name(fields, request.FullName);
        if (fields.Wrong) return fields.Problem();
        var taken = await Take(request.Token, request.Password, name, db, users, identity, chosen, letters);
        return taken.User is { } user ? TypedResults.Json(Account.Of(user), Json.Options, statusCode: 201)
            : IdentityProblems.Because(taken.Refusal!);
    }

    public static string? Name(RequestValidation fields, string? given) => fields.Text("full_name", given, MaxName);

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
            isOpen = await connection.Statement(Use).With(EmailLinkTokens.Hash(token)).With(CommonProblems.Trace())
                .Execute() == 1);
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

    const string FindOne = """
        select email, role from identity.invitations where hash = $1 and accepted_at is null and expires_at > now()
        """;

    const string Use = """
        with taken as (
            update identity.invitations set accepted_at = now()
             where hash = $1 and accepted_at is null and expires_at > now() returning id)
        insert into audit.events (actor_role, action, entity, entity_id, trace_id)
        select 'anonymous', 'invitations.accepted', 'invitation', id, $2 from taken
        """;
}

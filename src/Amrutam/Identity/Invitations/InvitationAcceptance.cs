using Amrutam.Identity.Accounts;
using Amrutam.Identity.EmailLinks;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.Registration;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;
using Npgsql;

namespace Amrutam.Identity.Invitations;

/// <summary>Creates the account of an invitation. The API and the portal share it.</summary>
/// <remarks>The account and the use of the invitation are one transaction: if another account takes the address first,
/// the invitation stays open. The token came by e-mail, so its use proves the address.</remarks>
sealed class InvitationAcceptance(NpgsqlDataSource db, UserManager<User> users, IdentityDb identity,
    NewPasswordHash passwords, Emails emails)
{
    public sealed record Invitation(string Email, string Role);

    public sealed record Outcome(User? User, EmailLinkFailure? Failure);

    const int MaxToken = 100;

    /// <summary>Reads an open invitation without using it up.</summary>
    public async Task<Invitation?> Find(string token) =>
        token.Length is 0 or > MaxToken
            ? null
            : await db.Statement(FindOne).With(EmailLinkTokens.Hash(token))
                .One(row => new Invitation(row.GetString(0), row.GetString(1)));

    public async Task<Outcome> Accept(string token, string password, string? name)
    {
        if (await Find(token) is not { } invitation) return new(null, new(IdentityProblems.InvalidToken));
        var made = await passwords.Hash(password, invitation.Email);
        if (made.Violation is not null) return new(null, new(IdentityProblems.WeakPassword, made.Violation));
        var user = new User
        {
            Id = Guid.CreateVersion7(), Email = invitation.Email, EmailConfirmed = true, FullName = name,
            Role = invitation.Role, PasswordHash = made.Hash,
        };
        var isOpen = true;
        var added = await SignUp.Add(identity, users, user, user.Id, user.Role, emails, async connection =>
        {
            // A demotion or suspension of the sender that is under way comes first.
            await Admins.Lock(connection);
            return isOpen = await connection.Statement(Use).With(EmailLinkTokens.Hash(token))
                .With(CommonProblems.Trace()).Execute() == 1;
        });
        return added ? new(user, null)
            : new(null, new(isOpen ? IdentityProblems.EmailTaken : IdentityProblems.InvalidToken));
    }

    const string FindOne = "select email, role from identity.open_invitations where hash = $1";

    const string Use = """
        with taken as (
            update identity.invitations i set accepted_at = now() from identity.open_invitations o
             where i.hash = $1 and o.id = i.id and i.accepted_at is null and i.withdrawn_at is null returning i.id)
        insert into audit.events (actor_role, action, entity, entity_id, trace_id)
        select 'anonymous', 'invitations.accepted', 'invitation', id, $2 from taken
        """;
}

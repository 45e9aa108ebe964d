using Amrutam.Identity.Accounts;
using Amrutam.Identity.EmailLinks;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Amrutam.Identity.Registration;

/// <summary>Creates the account of a patient or a doctor.</summary>
/// <remarks>The answer discloses that an address is taken, as the contract requires. The limit per address prevents
/// enumeration.</remarks>
static class SignUp
{
    sealed record Request(string Email, string Password, string? Role = null, string? FullName = null);

    const string Limit = "sign-ups of an address";

    public static void Map(RouteGroupBuilder auth) =>
        auth.MapPost("/signup", Handle).WithSummary("Sign up as a patient or a doctor")
            .WithDescription("Creates an account with a password. Staff and admins are invited instead.")
        .WithProblems(IdentityProblems.RoleNotOpen, IdentityProblems.EmailTaken, IdentityProblems.WeakPassword,
            CommonProblems.TooMany);

    static async Task<Results<Created<Account>, ProblemHttpResult>> Handle(Request request, HttpContext http,
        UserManager<User> users, NewPasswordHash chosen, IdentityDb identity, AttemptLimiter attempts,
        IdentityLimits limits, Emails emails)
    {
        var wait = await attempts.CountInMinute(Limit, ClientAddress.Counted(http), limits.SignUpsPerAddress);
        if (wait > 0) return IdentityProblems.ComeBack(http, wait);
        var fields = new RequestValidation();
        var email = EmailAddress.Parse(request.Email);
        fields.Refuse(email is null, "email", EmailAddress.Rule);
        var name = PersonName.Parse(fields, request.FullName);
        var role = request.Role ?? Allow.Patient;
        if (AccountRoles.IsByInvitationAlone(role)) return IdentityProblems.RoleNotOpen.Because();
        fields.OneOf("role", role, AccountRoles.Open);
        if (fields.Wrong) return fields.Problem();
        if (await users.FindByEmailAsync(email!) is not null) return IdentityProblems.EmailTaken.Because();
        var made = await chosen.Hash(request.Password, email!);
        if (made.Violation is { } violation) return IdentityProblems.Weak("password", violation);
        var user = new User
        {
            Id = Guid.CreateVersion7(), Email = email, FullName = name, Role = role, PasswordHash = made.Hash,
        };
        return await Add(identity, users, user, user.Id, role, emails)
            ? TypedResults.Created((string?)null, Account.Of(user))
            : IdentityProblems.EmailTaken.Because();
    }

    /// <summary>Stores an account with its event and queues its e-mails. One asks to confirm an unproven address, and
    /// one announces a new admin to the other admins.</summary>
    /// <param name="beside">Stores what belongs to the account, as a passkey; false rolls everything back.</param>
    /// <returns>False if the address was taken meanwhile or <paramref name="beside"/> returned false.</returns>
    public static async Task<bool> Add(IdentityDb identity, UserManager<User> users, User user, Guid? actor,
        string actorRole, Emails emails, Func<NpgsqlConnection, Task<bool>>? beside = null)
    {
        try
        {
            return await identity.Change(async connection =>
            {
                var made = await users.CreateAsync(user);
                if (!made.Succeeded) throw new InvalidOperationException("the store created no account: " + made);
                if (beside is not null && !await beside(connection)) return false;
                var details = $$"""{"role": "{{user.Role}}"}""";
                await connection.Append("accounts.signed_up", user.Id, actor, actorRole, details);
                if (user.Role == Allow.Admin) await emails.AdminAdded(connection, user.Id, user.Email!);
                if (!user.EmailConfirmed)
                    await emails.VerifyAddress(connection, user.Email!,
                        () => EmailLinkTokens.Make(connection, user, EmailLinkTokens.VerifyEmail));
                return true;
            });
        }
        catch (DbUpdateException e)
            when (e.InnerException is PostgresException { ConstraintName: "email_already_registered" })
        {
            return false;
        }
    }
}

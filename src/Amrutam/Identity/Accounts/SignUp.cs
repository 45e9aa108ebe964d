using Amrutam.Identity.EmailLinks;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using NodaTime;
using Npgsql;

namespace Amrutam.Identity.Accounts;

/// <summary>Makes an account of a patient or a doctor.</summary>
/// <remarks>That an address is taken is said here, as the contract has it; the limit per address keeps it from being a
/// directory.</remarks>
static class SignUp
{
    sealed record Request(string Email, string Password, string? Role = null, string? FullName = null);

    const string Limit = "sign-ups of an address";

    public static void Map(RouteGroupBuilder auth) =>
        auth.MapPost("/signup", Handle).WithSummary("Sign up as a patient or a doctor")
        .Produces<Account>(201).WithProblems(IdentityProblems.RoleNotOpen, IdentityProblems.EmailTaken,
            IdentityProblems.WeakPassword, CommonProblems.TooMany);

    static async Task<IResult> Handle(Request request, HttpContext http, UserManager<User> users,
        NewPasswordHash chosen, IdentityDb identity, AttemptLimiter attempts, IdentityLimits limits, Emails letters)
    {
        var wait = await attempts.CountInMinute(Limit, ClientAddress.Counted(http), limits.SignUpsPerAddress);
        if (wait > 0) return IdentityProblems.ComeBack(http, wait);
        var fields = new RequestValidation();
        var email = EmailAddress.Parse(request.Email);
        fields.Refuse(email is null, "email", EmailAddress.Rule);
        var name = PersonName.Parse(fields, request.FullName);
        var role = request.Role ?? Allow.Patient;
        if (role == Allow.Admin) return IdentityProblems.RoleNotOpen.Because();
        fields.Refuse(role is not (Allow.Patient or Allow.Doctor), "role", "must be patient or doctor");
        if (fields.Wrong) return fields.Problem();
        if (await users.FindByEmailAsync(email!) is not null) return IdentityProblems.EmailTaken.Because();
        var made = await chosen.Hash(request.Password, email!);
        if (made.Objection is { } objection) return IdentityProblems.Weak("password", objection);
        var user = new User
        {
            Id = Guid.CreateVersion7(), Email = email, FullName = name, Role = role, PasswordHash = made.Hash,
        };
        return await Add(identity, users, user, user.Id, role, letters)
            ? TypedResults.Json(Account.Of(user), Json.Options, statusCode: 201)
            : IdentityProblems.EmailTaken.Because();
    }

    /// <summary>Adds an account with its event and, when its address is not confirmed, the letter that asks for
    /// it.</summary>
    /// <param name="beside">What belongs to it, as a passkey; false undoes it all.</param>
    /// <returns>False when the address was taken meanwhile, or what belongs to it was not to be had.</returns>
    public static async Task<bool> Add(IdentityDb identity, UserManager<User> users, User user, Guid? actor,
        string actorRole, Emails letters, Func<NpgsqlConnection, Task<bool>>? beside = null)
    {
        try
        {
            return await identity.Change(async connection =>
            {
                var made = await users.CreateAsync(user);
                if (!made.Succeeded) throw new InvalidOperationException("the store refused an account: " + made);
                if (beside is not null && !await beside(connection)) return false;
                var details = $$"""{"role": "{{user.Role}}"}""";
                await connection.Append("accounts.signed_up", user.Id, actor, actorRole, details);
                if (user.Role == Allow.Admin) await letters.AdminAdded(connection, user.Id, user.Email!);
                if (!user.EmailConfirmed)
                    await letters.VerifyAddress(connection, user.Email!,
                        await EmailLinkTokens.Make(connection, user, EmailLinkTokens.VerifyEmail));
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

/// <summary>An account as its owner sees it.</summary>
sealed record Account(Guid Id, string Email, string Role, string? FullName, bool EmailVerified, Instant CreatedAt)
{
    public static Account Of(User user) => new(user.Id, user.Email!, user.Role, user.FullName, user.EmailConfirmed,
        Instant.FromDateTimeUtc(DateTime.SpecifyKind(user.CreatedAt, DateTimeKind.Utc)));
}

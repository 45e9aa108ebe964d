using Amrutam.Identity.Accounts;
using Amrutam.Identity.Contracts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Amrutam.Identity.EmailLinks;

/// <summary>Changes the caller's address, once the new one has answered; the old one is told at once.</summary>
/// <remarks>An address that is another's gets no letter, and the caller the same answer: this is no way to ask who has
/// an account.</remarks>
static class ChangeEmail
{
    sealed record Request(string Email, string? Password = null, string? TotpCode = null,
        string? RecoveryCode = null);

    sealed record Confirmation(string Token);

    public static void Map(RouteGroupBuilder auth, RouteGroupBuilder me)
    {
        me.MapPost("/email", Ask).WithSummary("Change your e-mail address").Produces(202)
            .WithProblems(Reauthentication.Refusals);
        auth.MapPost("/email-change", Confirm).WithSummary("Confirm a new e-mail address").Produces(204)
            .WithProblems(IdentityProblems.InvalidToken, IdentityProblems.EmailTaken);
    }

    static async Task<IResult> Ask(Request request, HttpContext http, CurrentUser caller, Reauthentication again,
        UserManager<User> users, IdentityDb identity,
        Emails letters)
    {
        if (EmailAddress.Parse(request.Email) is not { } email) return CommonProblems.Field("email", EmailAddress.Rule);
        var known = await again.Check(http, caller,
            new(request.Password, request.TotpCode, request.RecoveryCode));
        if (known.User is not { } user) return known.Refusal!;
        var isTaken = await users.FindByEmailAsync(email) is not null;
        await identity.Change(async connection =>
        {
            var token = await EmailLinkTokens.Make(connection, user, EmailLinkTokens.ChangeEmail, email);
            if (!isTaken) await letters.ConfirmNewAddress(connection, email, token);
            await letters.AddressIsChanging(connection, user);
            await connection.Append("email_changes.requested", user.Id, caller.Id, caller.Role);
        });
        return TypedResults.StatusCode(202);
    }

    static async Task<IResult> Confirm(Confirmation request, UserManager<User> users, IdentityDb identity,
        SessionStore sessions) =>
        await Take(request.Token, users, identity, sessions) is { } refusal ? IdentityProblems.Because(refusal)
            : TypedResults.NoContent();

    public static async Task<Refusal?> Take(string token, UserManager<User> users, IdentityDb identity,
        SessionStore sessions)
    {
        try
        {
            var done = await identity.Change(async connection =>
            {
                if (await EmailLinkTokens.Take(connection, token,
                    EmailLinkTokens.ChangeEmail) is not { NewEmail: { } email } taken) return false;
                if (await users.FindByIdAsync(taken.User.ToString()) is not { SuspendedAt: null } user) return false;
                (user.Email, user.EmailConfirmed) = (email, true);
                await users.UpdateSecurityStampAsync(user);
                await connection.Append("accounts.email_changed", user.Id, user.Id, user.Role);
                await sessions.EndAll(connection, user.Id, by: null, "email_changed");
                return true;
            });
            return done ? null : new(IdentityProblems.InvalidToken);
        }
        catch (DbUpdateException e) when (
            e.InnerException is PostgresException { ConstraintName: "email_already_registered" })
        {
            return new(IdentityProblems.EmailTaken);
        }
    }
}

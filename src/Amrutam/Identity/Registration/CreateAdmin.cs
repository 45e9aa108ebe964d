using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Identity.Passwords;
using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Registration;

/// <summary>Creates an admin from the command line: <c>admin create --email E --password-stdin</c>.</summary>
static class CreateAdmin
{
    /// <exception cref="StartupException">The address is taken, or it or the password is not valid.</exception>
    public static async Task Run(IServiceProvider services, string emailText, string password)
    {
        await using var scope = services.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<User>>();
        var hasher = scope.ServiceProvider.GetRequiredService<IPasswordHasher<User>>();
        var identity = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var email = EmailAddress.Parse(emailText) ?? throw new StartupException("--email " + EmailAddress.Rule);
        if (services.GetRequiredService<PasswordPolicy>().Check(password, email) is { } violation)
            throw new StartupException("The password " + violation.Text + ".");
        var user = new User { Id = Guid.CreateVersion7(), Email = email, EmailConfirmed = true, Role = Allow.Admin };
        user.PasswordHash = hasher.HashPassword(user, PasswordPolicy.Normal(password)!);
        if (!await SignUp.Add(identity, users, user, actor: null, "operator",
            scope.ServiceProvider.GetRequiredService<Emails>()))
            throw new StartupException("An account with this e-mail address exists; give another address.");
    }
}

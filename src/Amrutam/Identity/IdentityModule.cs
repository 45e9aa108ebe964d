using Amrutam.EmbeddedPostgres;
using Amrutam.Identity.Access;
using Amrutam.Identity.Accounts;
using Amrutam.Identity.Contracts;
using Amrutam.Identity.EmailLinks;
using Amrutam.Identity.Encryption;
using Amrutam.Identity.Invitations;
using Amrutam.Identity.Mail;
using Amrutam.Identity.OwnSecurity;
using Amrutam.Identity.Passkeys;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.Privacy;
using Amrutam.Identity.Reencryption;
using Amrutam.Identity.Registration;
using Amrutam.Identity.SecondFactor;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Identity.Tokens;
using Amrutam.Identity.Users;
using Amrutam.Platform;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Amrutam.Identity;

/// <summary>Accounts, sign-in, tokens, second factor and roles.</summary>
sealed class IdentityModule : IModule
{
    public string Name => "Identity";

    public void Add(WebApplicationBuilder builder)
    {
        var settings = builder.AddSettings<IdentitySettings>("Identity");
        builder.AddSettings<IdentityLimits>("Limits");
        builder.Services.AddSingleton(_ => SecretEncryption.OfInstallation(settings,
            builder.Configuration["Data:Directory"] ?? PrivatePostgres.DefaultDirectory()));
        builder.Services.AddSingleton<ReencryptSecrets>().AddEncryptedTables();
        builder.Services.AddSingleton<Secrets>();
        builder.AddJson(IdentityJson.Default);
        builder.AddMail();
        AddTokens(builder);
        AddPolicies(builder);
        AddPasswords(builder, settings);
        AddPortalSessions(builder, settings);
        AddSecondFactors(builder, settings);
        AddRights(builder);
    }

    static void AddTokens(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<SigningKeys>().AddSingleton<Revocations>().AddSingleton<AccessTokens>()
            .AddSingleton<SessionStore>();
        builder.Services.AddHostedService<IdentityWatch>();
    }

    static void AddPolicies(WebApplicationBuilder builder)
    {
        var policies = builder.Services.AddAuthorizationBuilder();
        foreach (var (name, roles) in Allow.Roles) policies.AddPolicy(name, p => p.RequireRole(roles));
        // API routes bypass the framework's authorization, which routing would report as an oversight.
        builder.Services.Configure<RouteOptions>(o => o.SuppressCheckForUnhandledSecurityMetadata = true);
    }

    static void AddPasswords(WebApplicationBuilder builder, IdentitySettings settings)
    {
        builder.Services.AddDbContext<IdentityDb>((services, o) =>
            o.UseNpgsql(services.GetRequiredService<NpgsqlDataSource>())
            // Identity's base class offers tables and columns that we do not have; they are ignored on purpose. Errors
            // of the database are thrown, and the exception middleware logs them.
            .ConfigureWarnings(w => w.Ignore(CoreEventId.MappedEntityTypeIgnoredWarning,
                CoreEventId.MappedPropertyIgnoredWarning, RelationalEventId.CommandError,
                CoreEventId.SaveChangesFailed)));
        builder.Services.AddIdentityCore<User>().AddEntityFrameworkStores<IdentityDb>();
        // Its validators check user names, which we do not have. The routes check addresses and passwords.
        foreach (var rule in builder.Services.Where(s => s.ServiceType == typeof(IUserValidator<User>)
            || s.ServiceType == typeof(IPasswordValidator<User>)).ToList())
            builder.Services.Remove(rule);
        builder.Services.AddSingleton<ILookupNormalizer, AddressNormalizer>();
        // Version 3 is PBKDF2 with HMAC-SHA512.
        builder.Services.Configure<PasswordHasherOptions>(o =>
            (o.CompatibilityMode, o.IterationCount) =
            (PasswordHasherCompatibilityMode.IdentityV3, settings.PasswordRounds));
        builder.Services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>()
            .AddSingleton<PasswordHash>().AddSingleton<PasswordPolicy>().AddSingleton<NewPasswordHash>();
        builder.Services.AddSingleton(BreachedPasswords.From(settings.BreachedPasswordsFile));
        builder.Services.AddInvariants(AccountInvariants.All);
        builder.Services.AddSingleton<PasswordHashingQueue>().AddSingleton<AttemptLimiter>().AddSingleton<DummyHash>()
            .AddScoped<CredentialCheck>().AddSingleton<FailedAttempts>();
        builder.Services.AddHostedService(services => services.GetRequiredService<FailedAttempts>());
    }

    static void AddPortalSessions(WebApplicationBuilder builder, IdentitySettings settings)
    {
        builder.Services.AddScoped<PortalSignIn>().AddScoped<EmailLinkActions>()
            .AddScoped<EmailLinkRedemption>().AddScoped<PasswordResetRequest>().AddScoped<InvitationAcceptance>();
        // A single scheme would become the default: a cookie would then sign its owner in on every route.
        AppContext.SetSwitch("Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme", true);
        builder.Services.AddAuthentication()
            .AddCookie(PortalSignIn.Scheme, cookie =>
            PortalCookie.Configure(cookie, builder.Environment.IsDevelopment(), settings));
        builder.Services.AddDataProtection().SetApplicationName("amrutam");
        builder.Services.AddOptions<KeyManagementOptions>()
            .Configure<NpgsqlDataSource, SecretEncryption>((o, db, encryption) =>
            (o.XmlRepository, o.XmlEncryptor) = (new DataProtectionKeys(db), new EncryptKeys(encryption)));
    }

    static void AddSecondFactors(WebApplicationBuilder builder, IdentitySettings settings)
    {
        builder.Services.AddSingleton(RequiredSecondFactor.From(settings, builder.Environment.IsDevelopment()));
        builder.Services.AddSingleton<Authenticators>().AddSingleton<PasskeyChallenges>().AddScoped<Reauthentication>();
        builder.Services.AddScoped<IPasskeyHandler<User>, PasskeyHandler<User>>();
        builder.Services.Configure<IdentityPasskeyOptions>(o =>
        {
            o.UserVerificationRequirement = "required";
            // The passkey itself names the account, so no route discloses the passkeys of an address.
            o.ResidentKeyRequirement = "required";
        });
        builder.Services.AddOptions<IdentityPasskeyOptions>().Configure<IdentitySettings, HttpSettings>(
            PasskeyOrigins.Configure);
    }

    static void AddRights(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Emails>();
        builder.Services.AddHostedService<DeliverMail>();
        builder.Services.AddSingleton<IPersonalData, AccountPersonalData>();
        builder.Services.AddSingleton<ReopenAccount>().AddSingleton<EraseAccounts>();
        builder.Services.AddHostedService(services => services.GetRequiredService<EraseAccounts>());
    }

    /// <summary>Adds authentication, authorization and the second-factor policy to the pipeline.</summary>
    public void Use(WebApplication app)
    {
        // Components are built from the last to the first, so the first of these knows the last.
        RequestDelegate? allowed = null;
        app.Use(pages => new ApiAccess(pages, allowed!, app.Services.GetRequiredService<AccessTokens>(),
            app.Services.GetRequiredService<FailedAttempts>()).Invoke);
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use(next => allowed = next);
        app.UseMiddleware<SecondFactorPolicy>();
    }

    public void Map(WebApplication routes)
    {
        PublishKeys.Map(routes);
        // Signing in and up changes no public list.
        var auth = routes.MapGroup("/api/auth").InvalidatesItself().WithTags("Accounts");
        LogOut.Map(auth.MapGroup("").OpenBeforeSecondFactor());
        MapSignIn(auth.MapGroup("").AllowAnonymous());
        var whole = routes.MapGroup("/api/me").RequireAuthorization(Allow.SignedIn).WithTags("Accounts");
        var me = whole.MapGroup("").OpenBeforeSecondFactor();
        ShowMe.Map(me);
        ChangeMe.Map(me);
        ChangePassword.Map(me);
        VerifyEmail.Map(auth.MapGroup("").AllowAnonymous(), me);
        ChangeEmail.Map(auth.MapGroup("").AllowAnonymous(), me);
        ExportMe.Map(whole);
        DeleteMe.Map(whole);
        MapOwnSecurity(me);
        MapPeople(routes, auth.MapGroup("").AllowAnonymous());
    }

    static void MapSignIn(RouteGroupBuilder auth)
    {
        SignUp.Map(auth);
        LogIn.Map(auth);
        RefreshSession.Map(auth);
        ResetPassword.Map(auth);
        SignUpWithPasskey.Map(auth);
        LogInWithPasskey.Map(auth);
    }

    static void MapOwnSecurity(RouteGroupBuilder me)
    {
        var sessions = me.MapGroup("/sessions");
        ListSessions.Map(sessions);
        EndSession.Map(sessions);
        EndOtherSessions.Map(sessions);
        var factor = me.MapGroup("/second-factor");
        OfferSecondFactor.Map(factor);
        ConfirmSecondFactor.Map(factor);
        RenewRecoveryCodes.Map(factor);
        RemoveSecondFactor.Map(factor);
        var passkeys = me.MapGroup("/passkeys");
        AddPasskey.Map(passkeys);
        OwnPasskeys.Map(passkeys);
    }

    static void MapPeople(IEndpointRouteBuilder routes, RouteGroupBuilder auth)
    {
        var admin = routes.MapGroup("/api/admin").RequireAuthorization(Allow.Admin).WithTags("Admin");
        var users = admin.MapGroup("/users");
        ListUsers.Map(users);
        ChangeUser.Map(users);
        EndUserSessions.Map(users);
        RemoveSecondFactorOf.Map(users);
        var invitations = admin.MapGroup("/invitations");
        InviteUser.Map(invitations);
        AcceptInvitation.Map(auth);
        ListInvitations.Map(invitations);
        WithdrawInvitation.Map(invitations);
    }

    sealed class AddressNormalizer : ILookupNormalizer
    {
        public string? NormalizeName(string? name) => name;

        // PostgreSQL cannot store such text, so no account has it; a query for it would log an error.
        public string? NormalizeEmail(string? email) =>
            email is null ? null : RequestValidation.WellFormed(email) ? EmailAddress.Normal(email) : "";
    }
}

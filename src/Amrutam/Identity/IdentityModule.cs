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
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Modules;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Amrutam.Identity;

/// <summary>Accounts, sign-in, tokens, second factor and roles.</summary>
sealed partial class IdentityModule : IModule
{
    public string Name => "Identity";

    public ApiTerms Terms => IdentityTerms.All;

    public void Add(ModuleBuilder module)
    {
        var settings = module.AddSettings<IdentitySettings>("Identity");
        module.AddSettings<IdentityLimits>("Limits");
        module.AddJson(IdentityJson.Default);
        module.AddJob<EraseAccounts>();
        module.AddInvariants(AccountInvariants.All);
        module.AddPersonalData<AccountPersonalData>();
        module.AddEncryptedTables();
        AddTables(module);
        module.Services.AddSingleton(_ =>
            SecretEncryption.OfInstallation(settings, DataSettings.DirectoryOf(module.Configuration)));
        module.Services.AddSingleton(new PublicAddress(settings.PublicUrl));
        module.Services.AddSingleton<ReencryptSecrets>().AddSingleton<Secrets>().AddSingleton<Emails>()
            .AddSingleton<ReopenAccount>();
        AddTokens(module.Services);
        AddPolicies(module.Services);
        AddPasswords(module.Services, settings);
        AddPortalSessions(module, settings);
        AddSecondFactors(module, settings);
        module.AddStartWarning(_ => settings.KeyEncryptionKey is null, LogKeyInFile);
        module.AddStartWarning(_ => settings.PublicUrl.IsLoopback, LogPublicUrl);
    }

    static void AddTables(ModuleBuilder module) => module.AddTables(
        new("attempts", NotExported: "counts under hashes, for at most a day", Secrets: Table.All),
        new("authenticators", ExportedAs: "second_factor", Secrets: Table.All),
        new("data_protection_keys", NotExported: "keys of the installation", Secrets: Table.All),
        new("invitations", ExportedAs: "invitations", Secrets: ["hash"]),
        new("mailed_tokens", ExportedAs: "letters_with_links", Secrets: Table.All),
        new("passkey_challenges", NotExported: "random numbers, for at most five minutes", PersonIds: ["user_id"],
            Secrets: Table.All),
        new("passkeys", ExportedAs: "passkeys", Secrets: Table.All),
        new("recovery_codes", ExportedAs: "second_factor", Secrets: Table.All),
        new("refresh_tokens", NotExported: "hashes of a session's secrets; the session itself is exported",
            Secrets: Table.All),
        new("sessions", ExportedAs: "sessions", Grows: true),
        new("signing_keys", NotExported: "keys of the installation", Secrets: Table.All),
        new("users", ExportedAs: "account", Grows: true,
            Secrets: ["password_hash", "security_stamp", "concurrency_stamp"]));

    static void AddTokens(IServiceCollection services)
    {
        services.AddSingleton<SigningKeys>().AddSingleton<Revocations>().AddSingleton<AccessTokens>()
            .AddSingleton<SessionStore>();
        services.AddHostedService<IdentityWatch>();
    }

    static void AddPolicies(IServiceCollection services)
    {
        var policies = services.AddAuthorizationBuilder();
        foreach (var (name, roles) in Allow.Roles) policies.AddPolicy(name, p => p.RequireRole(roles));
        // API routes bypass the framework's authorization, which routing would report as an oversight.
        services.Configure<RouteOptions>(o => o.SuppressCheckForUnhandledSecurityMetadata = true);
    }

    static void AddPasswords(IServiceCollection services, IdentitySettings settings)
    {
        services.AddSingleton<LiveConnections>();
        services.AddDbContext<IdentityDb>((provider, o) =>
            o.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>())
            .AddInterceptors(provider.GetRequiredService<LiveConnections>())
            // Identity's base class offers tables and columns that we do not have; they are ignored on purpose. Errors
            // of the database are thrown, and the exception middleware logs them.
            .ConfigureWarnings(w => w.Ignore(CoreEventId.MappedEntityTypeIgnoredWarning,
                CoreEventId.MappedPropertyIgnoredWarning, RelationalEventId.CommandError,
                CoreEventId.SaveChangesFailed)));
        services.AddIdentityCore<User>().AddEntityFrameworkStores<IdentityDb>();
        // Its validators check user names, which we do not have. The routes check addresses and passwords.
        foreach (var rule in services.Where(s => s.ServiceType == typeof(IUserValidator<User>)
            || s.ServiceType == typeof(IPasswordValidator<User>)).ToList())
            services.Remove(rule);
        services.AddSingleton<ILookupNormalizer, AddressNormalizer>();
        // Version 3 is PBKDF2 with HMAC-SHA512.
        services.Configure<PasswordHasherOptions>(o =>
            (o.CompatibilityMode, o.IterationCount) =
            (PasswordHasherCompatibilityMode.IdentityV3, settings.PasswordRounds));
        services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>()
            .AddSingleton<PasswordHash>().AddSingleton<PasswordPolicy>().AddSingleton<NewPasswordHash>();
        services.AddSingleton(BreachedPasswords.From(settings.BreachedPasswordsFile));
        services.AddSingleton<SignInMeter>();
        services.AddSingleton<PasswordHashingQueue>().AddSingleton<AttemptLimiter>()
            .AddSingleton<CountedRequests>().AddSingleton<DummyHash>()
            .AddScoped<CredentialCheck>().AddSingleton<FailedAttempts>()
            .AddHostedService(provider => provider.GetRequiredService<FailedAttempts>());
    }

    static void AddPortalSessions(ModuleBuilder module, IdentitySettings settings)
    {
        module.Services.AddScoped<PortalSignIn>().AddScoped<EmailLinkActions>()
            .AddScoped<EmailLinkRedemption>().AddScoped<PasswordResetRequest>().AddScoped<InvitationAcceptance>();
        // A single scheme would become the default: a cookie would then sign its owner in on every route.
        AppContext.SetSwitch("Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme", true);
        module.Services.AddAuthentication()
            .AddCookie(PortalSignIn.Scheme, cookie =>
            PortalCookie.Configure(cookie, module.Environment.IsDevelopment(), settings));
        module.Services.AddDataProtection().SetApplicationName("amrutam");
        module.Services.AddOptions<KeyManagementOptions>()
            .Configure<NpgsqlDataSource, SecretEncryption>((o, db, encryption) =>
            (o.XmlRepository, o.XmlEncryptor) = (new DataProtectionKeys(db), new EncryptKeys(encryption)));
    }

    static void AddSecondFactors(ModuleBuilder module, IdentitySettings settings)
    {
        module.Services.AddSingleton(RequiredSecondFactor.From(settings, module.Environment.IsDevelopment()));
        module.Services.AddSingleton<Authenticators>().AddSingleton<PasskeyChallenges>().AddScoped<Reauthentication>()
            .AddScoped<SecondFactorEnrolment>().AddScoped<PortalSecondFactor>();
        module.Services.AddScoped<IPasskeyHandler<User>, PasskeyHandler<User>>();
        module.Services.Configure<IdentityPasskeyOptions>(o =>
        {
            o.UserVerificationRequirement = "required";
            // The passkey itself names the account, so no route discloses the passkeys of an address.
            o.ResidentKeyRequirement = "required";
        });
        module.Services.AddOptions<IdentityPasskeyOptions>().Configure<IdentitySettings, HttpSettings>(
            PasskeyOrigins.Configure);
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

    public void Map(IEndpointRouteBuilder routes)
    {
        PublishKeys.Map(routes);
        // Signing in and up changes no public list.
        var auth = routes.MapGroup("/api/auth").InvalidatesItself().WithTags("Accounts");
        LogOut.Map(auth.MapGroup("").OpenBeforeSecondFactor());
        var open = auth.MapGroup("").AllowAnonymous();
        MapSignIn(open);
        var whole = routes.MapGroup("/api/me").RequireAuthorization(Allow.SignedIn).WithTags("Accounts");
        var me = whole.MapGroup("").OpenBeforeSecondFactor();
        ShowMe.Map(me);
        ChangeMe.Map(me);
        ChangePassword.Map(me);
        VerifyEmail.Map(open, me);
        ChangeEmail.Map(open, me);
        ExportMe.Map(whole);
        DeleteMe.Map(whole);
        MapOwnSecurity(me);
        MapPeople(routes, open);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "the key that encrypts secrets is a file in the data directory: "
        + "keep a copy elsewhere, or give the key as Identity__KeyEncryptionKey")]
    static partial void LogKeyInFile(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "links in e-mails lead to this machine only: give the public "
        + "address as Identity__PublicUrl")]
    static partial void LogPublicUrl(ILogger log);

    sealed class AddressNormalizer : ILookupNormalizer
    {
        public string? NormalizeName(string? name) => name;

        public string? NormalizeEmail(string? email) => email is null ? null : EmailAddress.Normal(email);
    }
}

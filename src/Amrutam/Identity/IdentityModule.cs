using Amrutam.Identity.Contracts;
using Amrutam.Platform;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Amrutam.Identity;

/// <summary>Accounts, sign-in, tokens, second factor and roles.</summary>
static class IdentityModule
{
    public static void AddIdentity(this WebApplicationBuilder builder)
    {
        var settings = builder.AddSettings<IdentitySettings>("Identity");
        builder.AddSettings<Limits>("Limits");
        builder.Services.AddSingleton(_ => SecretBox.OfInstallation(settings.KeyEncryptionKey,
            builder.Configuration["Data:Directory"] ?? EmbeddedPostgres.DefaultDirectory()));
        builder.AddTokens();
        builder.AddPasswords(settings);
        builder.AddPortalSessions(settings);
    }

    static void AddTokens(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<SigningKeys>().AddSingleton<Revocations>().AddSingleton<AccessTokens>()
            .AddSingleton<Sessions>();
        builder.Services.AddHostedService<IdentityWatch>();
        builder.Services.AddAuthentication(BearerAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, BearerAuthentication>(BearerAuthentication.SchemeName, null);
    }

    static void AddPasswords(this WebApplicationBuilder builder, IdentitySettings settings)
    {
        builder.Services.AddDbContext<IdentityDb>((services, o) =>
            o.UseNpgsql(services.GetRequiredService<NpgsqlDataSource>())
            // Identity's base class offers tables and columns that we do not have; leaving them out is no mistake.
            .ConfigureWarnings(w => w.Ignore(CoreEventId.MappedEntityTypeIgnoredWarning,
                CoreEventId.MappedPropertyIgnoredWarning)));
        builder.Services.AddIdentityCore<User>().AddEntityFrameworkStores<IdentityDb>();
        // Its rule is for user names, which we do not have; addresses and passwords are checked where they come in.
        foreach (var rule in builder.Services.Where(s => s.ServiceType == typeof(IUserValidator<User>)
            || s.ServiceType == typeof(IPasswordValidator<User>)).ToList())
            builder.Services.Remove(rule);
        builder.Services.AddSingleton<ILookupNormalizer, AddressNormalizer>();
        // Version 3 is PBKDF2 with HMAC-SHA512.
        builder.Services.Configure<PasswordHasherOptions>(o =>
            (o.CompatibilityMode, o.IterationCount) =
            (PasswordHasherCompatibilityMode.IdentityV3, settings.PasswordRounds));
        builder.Services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>()
            .AddSingleton<PasswordHash>();
        builder.Services.AddSingleton<HashingLane>().AddSingleton<Attempts>().AddSingleton<Decoy>()
            .AddScoped<CredentialCheck>();
    }

    static void AddPortalSessions(this WebApplicationBuilder builder, IdentitySettings settings)
    {
        builder.Services.AddScoped<PortalSignIn>();
        builder.Services.AddAuthentication()
            .AddCookie(PortalSignIn.Scheme, cookie =>
            PortalCookie.Configure(cookie, builder.Environment.IsDevelopment(), settings));
        builder.Services.AddDataProtection().SetApplicationName("amrutam");
        builder.Services.AddOptions<KeyManagementOptions>()
            .Configure<NpgsqlDataSource, SecretBox>((o, db, box) =>
            (o.XmlRepository, o.XmlEncryptor) = (new DataProtectionKeys(db), new SealKeys(box)));
    }

    public static void MapIdentity(this IEndpointRouteBuilder routes)
    {
        var auth = routes.MapGroup("/api/auth").AllowAnonymous().WithTags("Accounts");
        SignUp.Map(auth);
        LogIn.Map(auth);
        RefreshSession.Map(auth);
        LogOut.Map(routes.MapGroup("/api/auth").WithTags("Accounts"));
        var me = routes.MapGroup("/api/me").RequireAuthorization(Allow.SignedIn).WithTags("Accounts");
        ShowMe.Map(me);
        ChangeMe.Map(me);
        PublishKeys.Map(routes);
    }

    sealed class AddressNormalizer : ILookupNormalizer
    {
        public string? NormalizeName(string? name) => name;

        public string? NormalizeEmail(string? email) => email is null ? null : EmailAddress.Normal(email);
    }
}

using Amrutam.Platform.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Amrutam.Identity.Accounts;

/// <summary>An account, as ASP.NET Core Identity's stores read and write it.</summary>
sealed class User : IdentityUser<Guid>
{
    public string? FullName { get; set; }
    public required string Role { get; set; }
    public DateTime? SuspendedAt { get; set; }
    public DateTime CreatedAt { get; set; }
    public DateTime? DeletionDueAt { get; set; }
    public DateTime? ErasedAt { get; set; }
}

/// <summary>ASP.NET Core Identity's tables, mapped to the tables of our migrations.</summary>
/// <remarks>The only EF Core in the product. Attempts are counted in their own table, because they are counted for
/// unknown addresses too.</remarks>
sealed class IdentityDb(DbContextOptions<IdentityDb> options) : IdentityUserContext<User, Guid>(options)
{
    protected override Version SchemaVersion => IdentitySchemaVersions.Version3;

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.HasDefaultSchema("identity");
        builder.Ignore<IdentityUserClaim<Guid>>();
        builder.Ignore<IdentityUserLogin<Guid>>();
        builder.Ignore<IdentityUserToken<Guid>>();
        var passkey = builder.Entity<IdentityUserPasskey<Guid>>().ToTable("passkeys");
        passkey.HasKey(p => p.CredentialId);
        passkey.Property(p => p.CredentialId).HasColumnName("credential_id");
        passkey.Property(p => p.UserId).HasColumnName("user_id");
        passkey.OwnsOne(p => p.Data).ToJson("data");
        var user = builder.Entity<User>().ToTable("users");
        user.Ignore(u => u.UserName).Ignore(u => u.NormalizedUserName).Ignore(u => u.PhoneNumber)
            .Ignore(u => u.PhoneNumberConfirmed);
        user.Ignore(u => u.LockoutEnd).Ignore(u => u.LockoutEnabled).Ignore(u => u.AccessFailedCount);
        user.Property(u => u.Id).HasColumnName("id").ValueGeneratedNever();
        user.Property(u => u.Email).HasColumnName("email");
        user.Property(u => u.NormalizedEmail).HasColumnName("normalized_email");
        user.Property(u => u.EmailConfirmed).HasColumnName("email_confirmed");
        user.Property(u => u.FullName).HasColumnName("full_name");
        user.Property(u => u.Role).HasColumnName("role");
        user.Property(u => u.PasswordHash).HasColumnName("password_hash");
        user.Property(u => u.SecurityStamp).HasColumnName("security_stamp");
        user.Property(u => u.ConcurrencyStamp).HasColumnName("concurrency_stamp");
        user.Property(u => u.TwoFactorEnabled).HasColumnName("two_factor_enabled");
        user.Property(u => u.DeletionDueAt).HasColumnName("deletion_due_at");
        user.Property(u => u.ErasedAt).HasColumnName("erased_at");
        user.Property(u => u.SuspendedAt).HasColumnName("suspended_at");
        user.Property(u => u.CreatedAt).HasColumnName("created_at").HasDefaultValueSql("now()");
    }

    /// <summary>Runs a change by the stores and its event, which is written on the connection given to the work, in one
    /// transaction.</summary>
    public Task Change(Func<NpgsqlConnection, Task> work) => Change(async connection =>
    {
        await work(connection);
        return true;
    });

    /// <summary>Runs a change in the same way. The work returns false to roll it back.</summary>
    /// <remarks>The connection is given back here. The context would keep it until the answer is sent.</remarks>
    public async Task<bool> Change(Func<NpgsqlConnection, Task<bool>> work)
    {
        await Database.OpenConnectionAsync(CancellationToken.None);
        try
        {
            return await ChangeOnOpenConnection(work);
        }
        finally
        {
            await Database.CloseConnectionAsync();
        }
    }

    async Task<bool> ChangeOnOpenConnection(Func<NpgsqlConnection, Task<bool>> work)
    {
        var connection = (NpgsqlConnection)Database.GetDbConnection();
        var commit = CommitWatch.On(connection);
        await using var transaction = await Database.BeginTransactionAsync(CancellationToken.None);
        if (!await work(connection)) return false;
        await transaction.CommitAsync(CancellationToken.None);
        commit.ThrowIfUnknown();
        return true;
    }
}

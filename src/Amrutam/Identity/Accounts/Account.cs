using NodaTime;

namespace Amrutam.Identity.Accounts;

/// <summary>An account as its owner sees it.</summary>
sealed record Account(Guid Id, string Email, string Role, string? FullName, bool EmailVerified, Instant CreatedAt)
{
    public static Account Of(User user) => new(user.Id, user.Email!, user.Role, user.FullName, user.EmailConfirmed,
        Instant.FromDateTimeUtc(DateTime.SpecifyKind(user.CreatedAt, DateTimeKind.Utc)));
}

using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Identity.Users;

/// <summary>An account in the answers to an admin.</summary>
sealed record AdminUser(Guid Id, string Email, string? FullName, string Role, bool EmailVerified, bool SecondFactor,
    bool Suspended, Instant CreatedAt)
{
    public const string Columns =
        "u.id, u.email, u.full_name, u.role, u.email_confirmed, u.two_factor_enabled, u.suspended_at is not null, "
        + "u.created_at";

    public static AdminUser Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetString(1), row.GetStringOrNull(2), row.GetString(3), row.GetBoolean(4),
            row.GetBoolean(5), row.GetBoolean(6), row.GetInstant(7));
}

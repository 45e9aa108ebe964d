using Amrutam.Identity.Accounts;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Identity.Contracts;

/// <summary>Finds the admin for whom a command of the operator acts.</summary>
static class AdminAccount
{
    /// <returns>The id of the account; null if no active admin has the address.</returns>
    public static async Task<Guid?> Find(NpgsqlDataSource db, string email, CancellationToken ct) =>
        EmailAddress.Parse(email) is not { } address ? null
        : await db.Statement(Select).With(EmailAddress.Normal(address)).Value<Guid?>(ct);

    const string Select = """
        select id from identity.users
         where normalized_email = $1 and role = 'admin' and suspended_at is null and deletion_due_at is null
        """;
}

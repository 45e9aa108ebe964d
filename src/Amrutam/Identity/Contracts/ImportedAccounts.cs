using Amrutam.Identity.Accounts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Npgsql;

namespace Amrutam.Identity.Contracts;

/// <summary>Accounts of doctors that come with an import.</summary>
/// <remarks>They have no password. The doctor chooses one by the link of a forgotten password, which proves the
/// address.</remarks>
static class ImportedAccounts
{
    public const string EmailRule = EmailAddress.Rule;

    /// <returns>The address as it is stored; null if it is none.</returns>
    public static string? Email(string? text) => text is null ? null : EmailAddress.Parse(text);

    /// <returns>False if an account has the address.</returns>
    public static async Task<bool> AddDoctor(NpgsqlConnection connection, Guid id, string email, string name,
        CurrentUser by) =>
        await connection.Statement(Add).With(id).With(email).With(EmailAddress.Normal(email)).With(name).With(by.Id)
            .With(by.Trace).Execute() > 0;

    const string Add = """
        with added as (
            insert into identity.users (id, email, normalized_email, full_name, role, security_stamp,
                   concurrency_stamp)
            values ($1, $2, $3, $4, 'doctor', gen_random_uuid()::text, gen_random_uuid()::text)
            on conflict do nothing
            returning id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $5, 'admin', 'accounts.signed_up', 'account', id, '{"role": "doctor", "by": "import"}', $6 from added
        """;
}

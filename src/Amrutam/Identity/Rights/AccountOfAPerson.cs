using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Identity.Rights;

/// <summary>The account itself: in the export without its secrets; nothing but its id and role is left when it is
/// erased.</summary>
sealed class AccountOfAPerson : IPersonalData
{
    public string Section => "account";

    public IAsyncEnumerable<string> Export(NpgsqlConnection connection, Guid person, CancellationToken ct) =>
        connection.Statement(ReadAll).With(person).Stream(row => row.GetString(0), ct);

    public async Task Erase(NpgsqlConnection connection, Guid person)
    {
        await connection.Statement(EraseBeside).With(person).Execute();
        await connection.Statement(EraseAccount).With(person).With(Problems.Trace()).Execute();
    }

    const string ReadAll = """
        select jsonb_build_object('id', id, 'email', email, 'email_verified', email_confirmed, 'full_name', full_name,
               'role', role, 'second_factor', two_factor_enabled, 'created_at', created_at)::text
          from identity.users where id = $1
        """;

    const string EraseBeside = """
        with s as (update identity.sessions set device = null, network = null where user_id = $1 returning id),
        t as (delete from identity.refresh_tokens where session_id in (select id from identity.sessions
           where user_id = $1)),
        a as (delete from identity.authenticators where user_id = $1),
        r as (delete from identity.recovery_codes where user_id = $1),
        p as (delete from identity.passkeys where user_id = $1),
        c as (delete from identity.passkey_challenges where user_id = $1)
        delete from identity.mailed_tokens where user_id = $1
        """;

    const string EraseAccount = """
        with erased as (
            update identity.users
               set email = id || '@erased.invalid', normalized_email = upper(id || '@erased.invalid'), full_name = null,
                   password_hash = null, email_confirmed = false, two_factor_enabled = false, deletion_due_at = null,
                   erased_at = now(), security_stamp = gen_random_uuid()::text,
                   concurrency_stamp = gen_random_uuid()::text
             where id = $1 returning id)
        insert into audit.events (actor_role, action, entity, entity_id, trace_id)
        select 'system', 'accounts.erased', 'account', id, $2 from erased
        """;
}

/// <summary>The sessions of a person, ended ones too, as far as they are kept.</summary>
sealed class SessionsOfAPerson : IPersonalData
{
    public string Section => "sessions";

    public IAsyncEnumerable<string> Export(NpgsqlConnection connection, Guid person, CancellationToken ct) =>
        connection.Statement(ReadAll).With(person).Stream(row => row.GetString(0), ct);

    /// <summary>Erased with the account.</summary>
    public Task Erase(NpgsqlConnection connection, Guid person) => Task.CompletedTask;

    const string ReadAll = """
        select jsonb_build_object('id', id, 'device', device, 'network', network, 'created_at', created_at,
               'last_seen_at', last_seen_at, 'ended_at', ended_at, 'ended_because', ended_because)::text
          from identity.sessions where user_id = $1 order by created_at
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Identity.Privacy;

/// <summary>The personal data of an account. The export leaves out secrets. Erasure leaves only ids, the role and the
/// times of sessions.</summary>
sealed class AccountPersonalData : IPersonalData
{
    public IEnumerable<PersonalRows> Export(NpgsqlConnection connection, Guid person)
    {
        yield return new("account", connection.Statement(Account).With(person));
        yield return new("sessions", connection.Statement(Sessions).With(person));
        yield return new("passkeys", connection.Statement(Passkeys).With(person));
        yield return new("second_factor", connection.Statement(SecondFactor).With(person));
        yield return new("letters_with_links", connection.Statement(Links).With(person));
        yield return new("invitations", connection.Statement(Invitations).With(person));
    }

    public async Task Erase(NpgsqlConnection connection, Guid person)
    {
        await connection.Statement(EraseBeside).With(person).Execute();
        await connection.Statement(EraseAccount).With(person).With(CommonProblems.Trace()).Execute();
    }

    const string Account = """
        select jsonb_build_object('id', id, 'email', email, 'email_verified', email_confirmed, 'full_name', full_name,
               'role', role, 'second_factor', two_factor_enabled, 'has_password', password_hash is not null,
               'suspended_at', suspended_at, 'deletion_due_at', deletion_due_at, 'created_at', created_at)::text
          from identity.users where id = $1
        """;

    const string Sessions = """
        select jsonb_build_object('id', id, 'kind', kind, 'device', device, 'network', network,
               'second_factor', second_factor, 'created_at', created_at, 'last_seen_at', last_seen_at,
               'expires_at', expires_at, 'ended_at', ended_at, 'ended_because', ended_because)::text
          from identity.sessions where user_id = $1 order by created_at
        """;

    const string Passkeys = """
        select jsonb_build_object('id', encode(credential_id, 'base64'), 'name', data ->> 'Name',
               'created_at', data ->> 'CreatedAt')::text
          from identity.passkeys where user_id = $1 order by data ->> 'CreatedAt'
        """;

    const string SecondFactor = """
        select jsonb_build_object('created_at', a.created_at, 'confirmed_at', a.confirmed_at, 'recovery_codes_left',
               (select count(*) from identity.recovery_codes c where c.user_id = $1 and c.used_at is null))::text
          from identity.authenticators a where a.user_id = $1
        """;

    const string Links = """
        select jsonb_build_object('purpose', purpose, 'new_email', new_email, 'expires_at', expires_at,
               'used_at', used_at)::text
          from identity.mailed_tokens where user_id = $1 order by expires_at
        """;

    // The invitations to the person's address, and those that the person sent, without the others' addresses.
    const string Invitations = """
        select jsonb_build_object('id', i.id, 'role', i.role, 'sent_by_you', i.invited_by = $1,
               'email', case when lower(i.email) = lower(u.email) then i.email end,
               'expires_at', i.expires_at, 'accepted_at', i.accepted_at, 'withdrawn_at', i.withdrawn_at)::text
          from identity.users u join identity.invitations i on lower(i.email) = lower(u.email) or i.invited_by = u.id
         where u.id = $1 order by i.id
        """;

    const string EraseBeside = """
        with s as (update identity.sessions set device = null, network = null where user_id = $1 returning id),
        t as (delete from identity.refresh_tokens where session_id in (select id from identity.sessions
           where user_id = $1)),
        a as (delete from identity.authenticators where user_id = $1),
        r as (delete from identity.recovery_codes where user_id = $1),
        p as (delete from identity.passkeys where user_id = $1),
        c as (delete from identity.passkey_challenges where user_id = $1),
        i as (delete from identity.invitations where lower(email) = (
                     select lower(email) from identity.users where id = $1))
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

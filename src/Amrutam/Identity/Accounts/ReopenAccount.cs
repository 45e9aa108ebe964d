using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Identity.Accounts;

/// <summary>Reopens a closed account when its owner signs in before it is erased.</summary>
sealed class ReopenAccount(NpgsqlDataSource db, IEnumerable<IPersonalData> parts, CacheInvalidation changes)
{
    public async Task IfClosed(User user)
    {
        if (user.DeletionDueAt is null) return;
        var opened = await db.InTransaction(async connection =>
        {
            if (await connection.Statement(Stay).With(user.Id).With(user.Role).With(CommonProblems.Trace())
                .Execute() == 0)
                return false;
            foreach (var part in parts) await part.Return(connection, user.Id);
            return true;
        });
        // A doctor is listed again, and the sign-in itself invalidates no list.
        if (opened) changes.InvalidateAll();
    }

    const string Stay = """
        with stays as (
            update identity.users set deletion_due_at = null where id = $1 and deletion_due_at is not null returning id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
        select id, $2, 'accounts.reopened', 'account', id, $3 from stays
        """;
}

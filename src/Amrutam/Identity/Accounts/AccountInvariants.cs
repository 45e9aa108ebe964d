using Amrutam.Platform.Invariants;

namespace Amrutam.Identity.Accounts;

/// <summary>The invariant that accounts agree with the event log: a query that must return no row.</summary>
/// <remarks>The log records how an account was created and whether it may be used. It carries no names, addresses or
/// passwords, so those are not compared.</remarks>
static class AccountInvariants
{
    public static readonly IReadOnlyList<Invariant> All =
        [new("an_account_has_its_events", AccountHasItsEvents, Invariant.Changed)];

    const string AccountHasItsEvents = $"""
        with touched as materialized (
            (select id from identity.users {Invariant.RecentRows})
            union (select entity_id from audit.actions where entity = 'account' and {Invariant.RecentEvents}))
        select t.id::text from touched t left join identity.users u on u.id = t.id
         where u.id is null
            or not exists (select from audit.actions e where e.entity_id = u.id and e.entity = 'account')
            or (u.suspended_at is not null) <> coalesce((
                select e.action = 'accounts.suspended' from audit.actions e
                 where e.entity_id = u.id and e.action in ('accounts.suspended', 'accounts.restored')
                 order by e.at desc, e.position desc limit 1), false)
            or (u.deletion_due_at is not null) <> coalesce((
                select e.action = 'accounts.closed' from audit.actions e
                 where e.entity_id = u.id
                   and e.action in ('accounts.closed', 'accounts.reopened', 'accounts.erased')
                 order by e.at desc, e.position desc limit 1), false)
         {Invariant.Limit}
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Identity.Privacy;

/// <summary>Erases the personal data of closed accounts whose grace period is over, and deletes expired rows.</summary>
/// <remarks>One account per transaction, over all modules: it is erased everywhere or nowhere. Replicas skip an account
/// that another one holds.</remarks>
sealed class EraseAccounts(NpgsqlDataSource db, IEnumerable<IPersonalData> parts, CacheInvalidation changes)
    : IJob
{
    sealed record Due(Guid Id);

    // The work of one run. The next one takes the rest.
    const int MostAtOnce = 100;
    static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);

    string IJob.Name => "erase_accounts";

    TimeSpan IJob.Every => BetweenLooks;

    async Task<TimeSpan> IJob.RunOnce(CancellationToken stopping)
    {
        await EraseDue(stopping);
        await db.Statement(SweepExpired).Execute();
        return BetweenLooks;
    }

    /// <returns>How many accounts were erased.</returns>
    public async Task<int> EraseDue(CancellationToken ct)
    {
        var erased = 0;
        while (erased < MostAtOnce && !ct.IsCancellationRequested && await EraseNext())
        {
            erased++;
            changes.InvalidateAll();
        }
        return erased;
    }

    Task<bool> EraseNext() => db.InTransaction(async connection =>
    {
        if (await connection.Statement(Next).One(row => new Due(row.GetGuid(0))) is not { } due) return false;
        // Each part leaves before any is erased: to leave, a part may read what another one erases. A
        // module that uses another one erases before it. Leaving runs again for
        // data that came after the account was closed. A violation is ignored, because nobody can answer it.
        foreach (var part in parts) await part.Leave(connection, due.Id, by: null);
        foreach (var part in parts.Reverse()) await part.Erase(connection, due.Id);
        return true;
    });

    const string Next = """
        select id from identity.users where deletion_due_at <= now() order by deletion_due_at limit 1
           for update skip locked
        """;

    // It deletes only rows that nobody may still use. A count that is a day old decides nothing. Sessions stay, as the
    // owner's record of them.
    const string SweepExpired = """
        with a as (delete from identity.attempts where since < now() - interval '1 day'),
        c as (delete from identity.passkey_challenges where expires_at < now()),
        m as (delete from identity.mailed_tokens where expires_at < now() - interval '1 day'),
        i as (delete from identity.invitations where expires_at < now() - interval '30 days'),
        k as (delete from identity.signing_keys where retires_at < now() - interval '30 days')
        delete from identity.refresh_tokens where expires_at < now() - interval '1 day'
        """;
}

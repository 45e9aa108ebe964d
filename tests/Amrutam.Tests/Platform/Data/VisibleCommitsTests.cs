using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Platform.Data;

/// <summary>The wait for the synchronous standby before something leaves the database for good.</summary>
public sealed class VisibleCommitsTests
{
    [Fact]
    public async Task Nothing_counts_as_safe_while_the_standby_is_away()
    {
        await using var cluster = await PlainCluster.Start();
        await using var db = NpgsqlDataSource.Create(cluster.AsSuperuser(PlainCluster.Superuser)
            + ";Command Timeout=2");
        await db.AwaitStandby();
        await cluster.Execute("alter system set synchronous_standby_names = 'nobody'");
        await cluster.Execute("select pg_reload_conf()");
        // PostgreSQL reads its settings again a moment later.
        await Waiting.Until(async () =>
        {
            try
            {
                await db.AwaitStandby();
                return false;
            }
            catch (CommitOutcomeUnknownException)
            {
                return true;
            }
        });
    }
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Jobs;
using Npgsql;

namespace Amrutam.Tests.Platform.Modules.Toys;

/// <summary>Deletes broken toys.</summary>
sealed class ThrowAwayToys(NpgsqlDataSource db) : IJob
{
    public string Name => "throw_away_toys";

    public TimeSpan Every => TimeSpan.FromMilliseconds(50);

    public async Task<TimeSpan> RunOnce(CancellationToken stopping)
    {
        await db.Statement(Delete).Execute();
        return Every;
    }

    const string Delete = "delete from toys.toys where name = 'broken'";
}

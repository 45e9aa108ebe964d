using System.Security.Cryptography;
using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Bench.Faults.Databases;

/// <summary>A primary with a synchronous standby, the network in front of them and the one between them.</summary>
/// <remarks>The pair is always synchronous: a primary without its standby acknowledges nothing. This class decides when
/// the standby takes over. Patroni, which decides it in service, has a run of its own.</remarks>
sealed class PrimaryAndStandby : IAsyncDisposable
{
    const string Owner = "amrutam_owner", Name = "amrutam";
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly string _password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
    readonly TcpProxy _replication;
    PostgresNode _primary, _standby;

    PrimaryAndStandby(PostgresNode primary, PostgresNode standby)
    {
        (_primary, _standby) = (primary, standby);
        (Network, _replication) = (new(primary.Port), new(primary.Port));
    }

    /// <summary>The network between the servers and the primary.</summary>
    public TcpProxy Network { get; }

    public PostgresNode Primary => _primary;

    /// <summary>The owner's connection string, through the network.</summary>
    public string Connection => _primary.Connection(_password, Owner, Name, Network.Port);

    public static async Task<PrimaryAndStandby> Start(string folder, int firstPort)
    {
        var account = await PostgresAccount.Choose(EmbeddedDatabase.Options, CancellationToken.None);
        var programs = await PostgresBinaries.Find(EmbeddedDatabase.Options, folder, wanted: null, account,
            CancellationToken.None);
        PostgresNode Node(int n) => new(account, programs, Path.Combine(folder, "node-" + n), firstPort + n);
        var pair = new PrimaryAndStandby(Node(1), Node(2));
        var file = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(file, pair._password);
        await account.Own(file, CancellationToken.None);
        await pair._primary.Create(file);
        await pair._standby.Follow(pair._replication.Port, pair._password);
        await pair.AwaitStandby();
        await pair.Execute($"create role {Owner} login createrole password '{pair._password}'");
        await pair.Execute($"create database {Name} owner {Owner}");
        return pair;
    }

    /// <summary>Ends every process of the primary at once.</summary>
    public Task KillPrimary() => _primary.Signal("KILL");

    /// <summary>Lets the standby take over, and builds the lost node again as its standby.</summary>
    public async Task FailOver()
    {
        Network.Cut();
        _replication.Cut();
        await _standby.Promote();
        (_primary, _standby) = (_standby, _primary);
        (Network.Target, _replication.Target) = (_primary.Port, _primary.Port);
        Network.Mend();
        _replication.Mend();
        await _standby.Follow(_replication.Port, _password);
        await AwaitStandby();
    }

    /// <summary>Keeps all changes from the standby until the next failover, which loses them.</summary>
    /// <remarks>A standby that is merely stopped finds them in its socket when it goes on.</remarks>
    public void HoldReplication() => _replication.Hold();

    public Task StallStandby() => _standby.Signal("STOP");

    public Task ResumeStandby() => _standby.Signal("CONT");

    /// <summary>Locks a table that every booking needs, so that requests take every connection and wait.</summary>
    public async Task Lock(TimeSpan duration)
    {
        await using var source = Database.OpenUnpooled(_primary.Connection(_password, Owner, Name), "faults");
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.Statement("lock table scheduling.slots in access exclusive mode").Execute();
        await Task.Delay(duration);
        await transaction.RollbackAsync();
    }

    /// <summary>Writes bookings past the product's judgement, as another program could: a second one of a booked slot,
    /// and one that overlaps another of its patient.</summary>
    /// <returns>The number of bookings that the database took.</returns>
    public async Task<int> Trespass()
    {
        await using var source = Database.OpenUnpooled(Connection, "faults");
        var taken = 0;
        foreach (var sql in (string[])[SameSlot, SameTime])
            try
            {
                taken += await source.Statement(sql).Execute();
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UniqueViolation
                or PostgresErrorCodes.ExclusionViolation)
            {
                // The constraint refused it.
            }
        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        await Network.DisposeAsync();
        await _replication.DisposeAsync();
        NpgsqlConnection.ClearAllPools();
        await _standby.DisposeAsync();
        await _primary.DisposeAsync();
    }

    async Task AwaitStandby()
    {
        await using var source = Database.OpenUnpooled(_primary.Connection(_password), "faults");
        var began = TimeProvider.System.GetTimestamp();
        while (!await source.Statement(HasStandby).Value<bool>())
        {
            if (TimeProvider.System.GetElapsedTime(began) > Patience)
                throw new FaultException("The standby did not come.");
            await Task.Delay(50);
        }
    }

    async Task Execute(string sql)
    {
        await using var source = Database.OpenUnpooled(_primary.Connection(_password), "faults");
        await source.Statement(sql).Execute();
    }

    const string SameSlot = """
        insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, status)
        select gen_random_uuid(), b.slot_id, b.doctor_id, p.patient_id, b.starts_at, b.ends_at, 'confirmed'
          from scheduling.bookings b join scheduling.bookings p on p.starts_at <> b.starts_at
         where not exists (select from scheduling.bookings o
                            where o.patient_id = p.patient_id and o.starts_at = b.starts_at)
         limit 1
        """;

    const string SameTime = """
        insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, status)
        select gen_random_uuid(), s.id, s.doctor_id, b.patient_id, b.starts_at, b.ends_at, 'confirmed'
          from scheduling.bookings b join scheduling.slots s on s.starts_at = b.starts_at and s.booking_id is null
         limit 1
        """;

    const string HasStandby = """
        select exists (select from pg_stat_replication where sync_state = 'sync' and state = 'streaming')
        """;
}

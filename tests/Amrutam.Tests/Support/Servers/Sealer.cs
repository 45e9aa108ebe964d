using System.Diagnostics;
using System.Security.Cryptography;
using Amrutam.Audit;
using Amrutam.Audit.Contracts;
using Amrutam.Audit.Sealing;
using Amrutam.Identity.Contracts;
using Amrutam.Identity.Encryption;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Tests.Support.Servers;

/// <summary>The sealer of one replica; the test runs each pass.</summary>
sealed class Sealer : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    static readonly byte[] KeyEncryptionKey = RandomNumberGenerator.GetBytes(32);

    readonly SealLog _log;
    readonly EventLogWatermark _horizon;

    Sealer(NpgsqlDataSource db, Checkpoints? folder)
    {
        (Db, Folder) = (db, folder);
        Keys = new(db, new Secrets(new SecretEncryption(KeyEncryptionKey)));
        _horizon = new(db);
        _log = new(db, _horizon, Keys, State, new AuditSettings(), TimeProvider.System,
            NullLogger<SealLog>.Instance, folder);
    }

    public NpgsqlDataSource Db { get; }
    public Checkpoints? Folder { get; }
    public LogKeys Keys { get; }
    public SealState State { get; } = new();

    /// <param name="folder">The folder for checkpoints, or null for none.</param>
    public static Sealer Over(Database database, string? folder = null) =>
        new(database.Open("sealer", 4, NullLoggerFactory.Instance), folder is null ? null : new(folder));

    public Task<bool> Pass() => _log.Pass(CancellationToken.None);

    /// <summary>Runs passes until no event is unsealed.</summary>
    public async Task SealAll()
    {
        for (var watch = Stopwatch.StartNew(); await Pass() || State.Last!.OldestUnsealedAt is not null;)
        {
            watch.Elapsed.ShouldBeLessThan(Patience, "an event stays unsealed");
            await Task.Delay(10);
        }
    }

    public async Task<SealViolation?> Broken() =>
        (await new VerifyLog(Db, Folder).ToTheEnd(VerifyLog.Reached.Nothing, CancellationToken.None)).Violation;

    public async ValueTask DisposeAsync()
    {
        _horizon.Dispose();
        await Db.DisposeAsync();
    }
}

using NodaTime;

namespace Amrutam.Audit.Contracts;

/// <summary>How far the log is sealed, as this replica saw it last; kept in memory, so asking costs nothing.</summary>
sealed class SealState
{
    /// <param name="Seals">How many there are.</param>
    /// <param name="Events">How many events they cover.</param>
    /// <param name="Position">The last event sealed.</param>
    /// <param name="OldestUnsealedAt">When the oldest event happened that is not sealed; null when all are.</param>
    /// <param name="Published">The last seal that is in the outside folder; null when there is none such.</param>
    /// <param name="SeenAt">When this was read.</param>
    public sealed record Sight(long Seals, long Events, long Position, Instant? LastSealedAt,
        Instant? OldestUnsealedAt, long? Published, Instant SeenAt);

    volatile Sight? _last;

    /// <summary>Null until the first look, and the old one while the database is away: see its time.</summary>
    public Sight? Last => _last;

    public void See(Sight sight) => _last = sight;
}

using NodaTime;

namespace Amrutam.Audit.Contracts;

/// <summary>The extent of the sealed log at this replica's last look. It is in memory, so reading it costs
/// nothing.</summary>
sealed class SealState
{
    /// <param name="Seals">The number of seals.</param>
    /// <param name="Events">The number of events that they cover.</param>
    /// <param name="Position">The position of the last sealed event.</param>
    /// <param name="OldestUnsealedAt">The time of the oldest event that is not sealed; null when all are.</param>
    /// <param name="Published">The last seal that is in the checkpoint folder; null when there is none.</param>
    /// <param name="SeenAt">The time of the look.</param>
    public sealed record Sight(long Seals, long Events, long Position, Instant? LastSealedAt,
        Instant? OldestUnsealedAt, long? Published, Instant SeenAt);

    volatile Sight? _last;

    /// <summary>Null until the first look. While the database is away it is an old state, as its time shows.</summary>
    public Sight? Last => _last;

    public void See(Sight sight) => _last = sight;
}

namespace Amrutam.Audit.Sealing;

/// <summary>The first place, in the order of the seals, at which the log does not match its seals.</summary>
/// <param name="Seal">The seal's number.</param>
/// <param name="Position">The event's position; null when no event could be found.</param>
/// <param name="Because">The end of a sentence whose subject is the event or seal.</param>
sealed record SealViolation(long Seal, long? Position, string Because)
{
    public override string ToString() =>
        FormattableString.Invariant($"{(Position is { } p ? $"event {p} (seal {Seal})" : $"seal {Seal}")} {Because}");
}

/// <summary>Compares a range of the log with the hashes in its seal.</summary>
static class CompareRange
{
    /// <summary>Returns the first event that does not match its hash, or null.</summary>
    /// <param name="events">The present events of the range, in order.</param>
    public static SealViolation? FirstDifference(long seal, byte[] leaves, long[] positions,
        IReadOnlyList<SealedEvent> events)
    {
        for (var i = 0; i < Math.Max(positions.Length, events.Count); i++)
        {
            if (i >= events.Count) return new(seal, positions[i], Deleted);
            if (i >= positions.Length) return new(seal, events[i].Position, Inserted);
            var (was, isNow) = (positions[i], events[i].Position);
            if (leaves.AsSpan(i * MerkleTree.HashBytes, MerkleTree.HashBytes).SequenceEqual(events[i].Leaf))
            {
                if (was != isNow) return new(seal, isNow, "has another position in the list of its seal");
                continue;
            }
            if (i > 0 && isNow == events[i - 1].Position) return new(seal, isNow, Inserted);
            if (was == isNow) return new(seal, was, "was changed after it was sealed");
            if (!positions.AsSpan().Contains(isNow)) return new(seal, isNow, Inserted);
            return events.Any(e => e.Position == was)
                ? new(seal, was, "is not in the order in which it was sealed")
                : new(seal, was, Deleted);
        }
        return null;
    }

    const string Deleted = "was sealed and is not there any more";
    const string Inserted = "was put among events that had been sealed already";
}

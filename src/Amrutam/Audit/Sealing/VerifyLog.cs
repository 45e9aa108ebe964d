using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Audit.Sealing;

/// <summary>Compares the log with its seals, the seals with each other, and both with published checkpoints.</summary>
/// <remarks>
/// It works in windows, without a long transaction and in little memory. Sealed rows do not change, so the windows need
/// no common snapshot. It trusts signatures and hashes alone. Without a checkpoint from outside, a chain looks valid
/// after its end was cut off, or after it was rebuilt with the right key.
/// </remarks>
sealed class VerifyLog(NpgsqlDataSource db, Checkpoints? folder)
{
    // With so many events the statements of a window cost little in comparison. They take a few megabytes.
    const int EventsAtOnce = 20_000, SealsAtOnce = 500;

    // A change is most likely among recent events. These are compared in about a tenth of a second.
    const int NewestEvents = EventsAtOnce;

    /// <summary>The last seal up to which the log is valid.</summary>
    public sealed record Reached(long Number, long Events, long Through, byte[] Hash)
    {
        public static readonly Reached Nothing = new(0, 0, 0, Seal.NoPrevious);
    }

    public readonly record struct Step(Reached Reached, SealViolation? Violation, bool More);

    /// <summary>Returns the place behind a seal that an earlier step reached.</summary>
    public async Task<Reached> Behind(long seal, CancellationToken ct) =>
        await db.Statement(ReadOne).With(seal).One(Seal.Read, ct) is { } found
            ? new(found.Number, found.EventsBefore + found.Events, found.Through, found.Hash()) : Reached.Nothing;

    /// <summary>Checks everything, window by window.</summary>
    public async Task<Step> ToTheEnd(Reached from, CancellationToken ct)
    {
        var step = new Step(from, null, More: true);
        while (step is { More: true, Violation: null }) step = await Next(step.Reached, ct);
        return step;
    }

    /// <summary>Checks the newest 20,000 events alone, at a cost that does not grow with the log.</summary>
    public async Task<(Reached From, Step End)> Newest(CancellationToken ct)
    {
        var from = await Behind(await db.Statement(ReadBeforeNewest).With(NewestEvents).Value<long>(ct), ct);
        return (from, await ToTheEnd(from, ct));
    }

    /// <summary>Checks one window.</summary>
    public async Task<Step> Next(Reached from, CancellationToken ct)
    {
        var sizes = await db.Statement(ReadSizes).With(from.Number).With(SealsAtOnce)
            .List(row => (Number: row.GetInt64(0), Events: row.GetInt32(1)), ct);
        if (sizes.Count == 0) return new(from, await CutOff(from, ct), More: false);
        // The numbers come from the seals. So a seal that claims a billion events must not stop the check.
        var (last, events) = (sizes[0].Number, sizes[0].Events);
        foreach (var size in sizes.Skip(1).TakeWhile(size => (events += size.Events) <= EventsAtOnce))
            last = size.Number;
        var seals = await db.Statement(ReadWindow).With(from.Number).With(last).List(Seal.Read, ct);
        var keys = (await LogKeys.Published(db, ct)).ToDictionary(key => key.Kid);
        var (sound, reached, flaw) = (new List<Seal>(), from, (string?)null);
        foreach (var seal in seals)
        {
            flaw = Flaw(seal, reached, keys.GetValueOrDefault(seal.Kid));
            if (flaw is not null) break;
            sound.Add(seal);
            reached = new(seal.Number, reached.Events + seal.Events, seal.Through, seal.Hash());
        }
        if (sound.Count > 0 && await FirstDifference(sound, ct) is { } violation)
            return new(from, violation, More: false);
        if (flaw is null) return new(reached, null, More: true);
        return new(reached, await Locate(reached, flaw, ct), More: false);
    }

    /// <summary>Returns the violation of the seal itself, before any event is read.</summary>
    string? Flaw(Seal seal, Reached before, SealPublicKey? key) =>
        seal.Number != before.Number + 1 ? "is missing from the chain"
        : !seal.Previous.AsSpan().SequenceEqual(before.Hash) ? "does not continue the seal before it"
        : seal.EventsBefore != before.Events ? "does not count the events before it"
        : key is null || !key.Signed(seal) ? "has no valid signature"
        : !MerkleTree.Root(seal.Leaves).AsSpan().SequenceEqual(seal.Root) ? "has a list of hashes that is not its own"
        : folder?.Find(seal.Number) is { } published && published.Seal != seal.Text ? NotPublished
        : null;

    /// <summary>Returns the first seal that is not valid, and its event if that can be found.</summary>
    async Task<SealViolation> Locate(Reached sound, string flaw, CancellationToken ct)
    {
        if (folder is not null && await FirstUnlikePublished(folder, sound.Number + 1, ct) is { } found)
            return found with { Because = $"{found.Because}; seal {sound.Number + 1} {flaw}" };
        var first = await db.Statement(ReadFirst).With(sound.Through).Value<long?>(ct);
        return first is { } position
            ? new(sound.Number + 1, position, "is the first that is not vouched for: its seal " + flaw)
            : new(sound.Number + 1, null, flaw);
    }

    /// <summary>Compares the log with one checkpoint file.</summary>
    /// <param name="path">The file. If it is in a folder as the server writes it, the other files help to find the
    /// event.</param>
    /// <exception cref="InvalidDataException">The file is no checkpoint, or its own signature is not valid.</exception>
    public async Task<SealViolation?> Against(string path, CancellationToken ct)
    {
        var kept = Checkpoints.Read(path) ?? throw new InvalidDataException($"{path} is not there.");
        var key = SealPublicKey.Of(kept);
        if (!key.Signed(kept) || !MerkleTree.Root(kept.Leaves).AsSpan().SequenceEqual(kept.Root))
            throw new InvalidDataException($"{path} was changed: its signature is not valid.");
        var seal = await db.Statement(ReadOne).With(kept.Number).One(Seal.Read, ct);
        if (seal?.Text == kept.Seal) return null;
        var others = new Checkpoints(Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(path))) ?? "");
        var flaw = seal is null ? CutAway : NotPublished;
        var violation = await UnlikePublished(kept, ct) ?? await FirstUnlikePublished(others, 1, ct);
        return violation is null
            ? new(kept.Number, kept.Positions[0], $"or one before it is not as it was published: its seal {flaw}")
            : violation with { Because = $"{violation.Because}; seal {kept.Number} {flaw}" };
    }

    /// <summary>Seals that were published and are not in the database: the log was truncated.</summary>
    async Task<SealViolation?> CutOff(Reached end, CancellationToken ct)
    {
        if (folder is null || folder.Newest() <= end.Number) return null;
        // It was sealed and published between the two looks.
        if (await db.Statement(ReadOne).With(end.Number + 1).One(Seal.Read, ct) is not null) return null;
        return await Locate(end, CutAway, ct);
    }

    /// <summary>The first event, from that seal on, that differs from the published checkpoints.</summary>
    async Task<SealViolation?> FirstUnlikePublished(Checkpoints published, long from, CancellationToken ct)
    {
        var last = published.Newest();
        for (var number = from; number <= last; number++)
            if (published.Find(number) is { } checkpoint && await UnlikePublished(checkpoint, ct) is { } violation)
                return violation;
        return null;
    }

    async Task<SealViolation?> UnlikePublished(Checkpoint published, CancellationToken ct) =>
        CompareRange.FirstDifference(published.Number, published.Leaves, published.Positions,
            await Events(published.After, published.Through, published.Events, ct));

    async Task<SealViolation?> FirstDifference(List<Seal> seals, CancellationToken ct)
    {
        var events = await Events(seals[0].After, seals[^1].Through, seals.Sum(s => s.Events), ct);
        var next = 0;
        foreach (var seal in seals)
        {
            var first = next;
            while (next < events.Count && events[next].Position <= seal.Through) next++;
            var violation = CompareRange.FirstDifference(seal.Number, seal.Leaves, seal.Positions,
                events[first..next]);
            if (violation is not null) return violation;
        }
        return null;
    }

    /// <summary>One event more than expected shows that there are too many. The first range includes everything before
    /// it: positions begin at 1, so there should be nothing.</summary>
    Task<List<SealedEvent>> Events(long after, long through, int expected, CancellationToken ct) =>
        db.Statement(ReadEvents).With(after > 0 ? after : long.MinValue).With(through).With(expected + 1)
            .List(new EventText().Hash, ct);

    const string NotPublished = "is not the one that was published";
    const string CutAway = "was published and is not in the database";

    const string ReadOne = $"select {Seal.ColumnsWithoutLists} from {Seal.From} where s.number = $1";

    const string ReadBeforeNewest = """
        select coalesce((select s.number from audit.seals s
                          where s.events_before + s.events <= (select l.events_before + l.events from audit.seals l
                                                                order by l.number desc limit 1) - $1
                          order by s.number desc limit 1), 0)
        """;

    const string ReadSizes = "select number, events from audit.seals where number > $1 order by number limit $2";

    const string ReadWindow = $"""
        select {Seal.Columns} from {Seal.From}
         where s.number > $1 and s.number <= $2 order by s.number
        """;

    const string ReadEvents = $"""
        select {EventText.Columns} from audit.every_event
         where position > $1 and position <= $2 order by position limit $3
        """;

    const string ReadFirst = "select position from audit.every_event where position > $1 order by position limit 1";
}

using System.Security.Cryptography;

namespace Amrutam.Audit.Sealing;

/// <summary>The Merkle tree of RFC 6962 over a sequence of hashes.</summary>
/// <remarks>Leaves and nodes are hashed with different first bytes, so that no node can pass for an event.</remarks>
static class MerkleTree
{
    public const int HashBytes = SHA256.HashSizeInBytes;
    public const byte LeafPrefix = 0, NodePrefix = 1;

    public static byte[] Root(ReadOnlySpan<byte> leaves)
    {
        var level = leaves.ToArray();
        for (var count = Count(leaves); count > 1; count = Fold(level, count)) { }
        return level[..HashBytes];
    }

    /// <summary>The hashes that lead from a leaf to the root, the lowest first.</summary>
    public static List<byte[]> Path(ReadOnlySpan<byte> leaves, int index)
    {
        var (level, path) = (leaves.ToArray(), new List<byte[]>());
        for (var count = Count(leaves); count > 1; count = Fold(level, count), index /= 2)
            if ((index ^ 1) < count) path.Add(level[((index ^ 1) * HashBytes)..][..HashBytes]);
        return path;
    }

    static int Count(ReadOnlySpan<byte> leaves) => leaves.Length > 0 && leaves.Length % HashBytes == 0
        ? leaves.Length / HashBytes
        : throw new ArgumentException("A tree has at least one leaf, and whole ones.", nameof(leaves));

    /// <summary>Replaces a level by the one above it. A last node without a neighbour is copied, which makes the same
    /// tree as splitting at the largest power of two.</summary>
    static int Fold(Span<byte> level, int count)
    {
        Span<byte> pair = stackalloc byte[1 + 2 * HashBytes];
        pair[0] = NodePrefix;
        for (var i = 0; i < count / 2; i++)
        {
            level.Slice(2 * i * HashBytes, 2 * HashBytes).CopyTo(pair[1..]);
            SHA256.HashData(pair, level[(i * HashBytes)..]);
        }
        if (count % 2 == 1) level.Slice((count - 1) * HashBytes, HashBytes).CopyTo(level[(count / 2 * HashBytes)..]);
        return (count + 1) / 2;
    }
}

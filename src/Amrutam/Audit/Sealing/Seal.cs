using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Amrutam.Audit.Sealing;

/// <summary>One link of the chain: a finished range of the log, the root of its events' tree, and the seal
/// before.</summary>
/// <param name="After">The last position of the seal before; the range begins behind it.</param>
/// <param name="Through">The last position of the range.</param>
/// <param name="Leaves">The events' hashes one after another, in the order of the range.</param>
/// <param name="Positions">The events' positions. They are not signed, and only help to name a violation.</param>
sealed record Seal(long Number, long After, long Through, int Events, long EventsBefore, byte[] Root,
    byte[] Previous, DateTime SealedAt, string Kid, byte[] Signature, byte[] Leaves, long[] Positions)
{
    /// <summary>The previous hash of the first seal.</summary>
    public static readonly byte[] NoPrevious = new byte[MerkleTree.HashBytes];

    /// <summary>The type of the signed text, so that the signature fits no other text.</summary>
    const string Type = "amrutam.audit.seal.v1";

    /// <summary>The text that is signed and hashed into the next seal: canonical JSON.</summary>
    public string Text { get; } = string.Create(CultureInfo.InvariantCulture, $$"""
        {"after":{{After}},"events":{{Events}},"events_before":{{EventsBefore}},"kid":"{{Kid}}","number":{{Number}},
        "previous":"{{Convert.ToHexStringLower(Previous)}}","root":"{{Convert.ToHexStringLower(Root)}}",
        "sealed_at":"{{SealedAt:yyyy-MM-ddTHH:mm:ss.ffffffZ}}","through":{{Through}},"type":"{{Type}}"}
        """).ReplaceLineEndings("");

    public byte[] Hash() => SHA256.HashData(Encoding.UTF8.GetBytes(Text));

    /// <summary>The columns that <see cref="Read"/> reads.</summary>
    public const string Columns = Bare + ", s.leaves, s.positions";

    /// <summary>The same columns without the lists, for the text alone.</summary>
    public const string ColumnsWithoutLists = Bare + ", ''::bytea, '{}'::bigint[]";

    public const string From = "audit.seals s left join audit.seals p on p.number = s.number - 1";

    const string Bare = """
        s.number, coalesce(p.position, 0), s.position, s.events, s.events_before, s.root, s.previous, s.sealed_at,
        s.kid, s.signature
        """;

    public static Seal Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt32(3), row.GetInt64(4),
        row.GetFieldValue<byte[]>(5), row.GetFieldValue<byte[]>(6), row.GetDateTime(7), row.GetString(8),
        row.GetFieldValue<byte[]>(9), row.GetFieldValue<byte[]>(10), row.GetFieldValue<long[]>(11));
}

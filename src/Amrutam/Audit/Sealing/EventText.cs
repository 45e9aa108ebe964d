using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Npgsql;

namespace Amrutam.Audit.Sealing;

/// <summary>An event of a seal: its position and the hash of its text.</summary>
readonly record struct SealedEvent(long Position, byte[] Leaf);

/// <summary>Writes the canonical text of events: canonical JSON, a member for each column that is not null.</summary>
/// <remarks>The text comes from values and not from PostgreSQL's rendering, so a dump, a restore, another version and
/// another time zone do not change it. One instance serves one reader of rows at a time.</remarks>
sealed class EventText
{
    /// <summary>The columns of the methods below, from the first.</summary>
    public const string Columns =
        "epoch, tx, position, at, actor_id, actor_role, action, entity, entity_id, details::text, trace_id";

    const string Microseconds = "yyyy-MM-ddTHH:mm:ss.ffffffZ";

    // Begins with the byte of a leaf, so that the text is hashed in place.
    readonly List<byte> _text = [MerkleTree.LeafPrefix];
    readonly CanonicalJson _json;
    byte[] _column = [];

    public EventText() => _json = new(_text);

    public SealedEvent Hash(NpgsqlDataReader row)
    {
        Write(row);
        return new(row.GetInt64(2), SHA256.HashData(CollectionsMarshal.AsSpan(_text)));
    }

    public string Text(NpgsqlDataReader row)
    {
        Write(row);
        return System.Text.Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(_text)[1..]);
    }

    public static byte[] Leaf(string text) =>
        SHA256.HashData([MerkleTree.LeafPrefix, .. System.Text.Encoding.UTF8.GetBytes(text)]);

    // In the order of the members' names.
    void Write(NpgsqlDataReader row)
    {
        CollectionsMarshal.SetCount(_text, 1);
        _text.Add((byte)'{');
        String("action", row, 6);
        Id("actor_id", row, 4);
        String("actor_role", row, 5);
        Name("at");
        Quoted(row.GetDateTime(3), Microseconds);
        if (!row.IsDBNull(9))
        {
            Name("details");
            _json.Append(Utf8(row, 9));
        }
        String("entity", row, 7);
        Id("entity_id", row, 8);
        Name("epoch");
        Number(row.GetInt32(0));
        Name("position");
        Number(row.GetInt64(2));
        String("trace_id", row, 10);
        Name("tx");
        Number(row.GetFieldValue<ulong>(1));
        _text.Add((byte)'}');
    }

    void Name(string name)
    {
        if (_text.Count > 2) _text.Add((byte)',');
        _text.Add((byte)'"');
        foreach (var letter in name) _text.Add((byte)letter);
        _text.AddRange("\":"u8);
    }

    void String(string name, NpgsqlDataReader row, int column)
    {
        if (row.IsDBNull(column)) return;
        Name(name);
        _json.AppendString(Utf8(row, column));
    }

    /// <returns>The bytes of a text column that is not null, valid until the next call.</returns>
    ReadOnlySpan<byte> Utf8(NpgsqlDataReader row, int column)
    {
        var length = (int)row.GetBytes(column, 0, buffer: null, 0, 0);
        if (length > _column.Length) _column = new byte[length];
        row.GetBytes(column, 0, _column, 0, length);
        return _column.AsSpan(0, length);
    }

    void Id(string name, NpgsqlDataReader row, int column)
    {
        if (row.IsDBNull(column)) return;
        Name(name);
        Quoted(row.GetGuid(column), "D");
    }

    void Quoted<T>(T value, string format) where T : IUtf8SpanFormattable
    {
        _text.Add((byte)'"');
        Append(value, format);
        _text.Add((byte)'"');
    }

    void Number<T>(T value) where T : IUtf8SpanFormattable => Append(value, default);

    void Append<T>(T value, ReadOnlySpan<char> format) where T : IUtf8SpanFormattable
    {
        const int LongEnough = 40;
        Span<byte> room = stackalloc byte[LongEnough];
        value.TryFormat(room, out var length, format, CultureInfo.InvariantCulture);
        _text.AddRange(room[..length]);
    }
}

using System.Runtime.InteropServices;
using System.Text.Json;

namespace Amrutam.Audit.Sealing;

/// <summary>Writes canonical JSON: no spaces, members in the order of their names' UTF-8 bytes, characters unescaped,
/// numbers as exact decimals.</summary>
/// <remarks>
/// This is RFC 8785 except for numbers. RFC 8785 rounds them to doubles, so two amounts that differ in the twentieth
/// digit would have one hash. There is no depth limit and no recursion, because a row that cannot be sealed would stop
/// all later seals. <c>Utf8JsonWriter</c> was rejected, because its encoders write other escapes. One instance serves
/// one text at a time, and reuses its buffers.
/// </remarks>
sealed class CanonicalJson
{
    /// <param name="Begin">The offset of its members or elements in the text.</param>
    /// <param name="Members">The index of its first member.</param>
    readonly record struct Open(bool IsObject, int Begin, int Members);

    /// <param name="Name">The range of its name in the names.</param>
    /// <param name="Begin">The offset of its text, name included.</param>
    /// <param name="End">The end of its text; set when the next member begins or the object ends.</param>
    readonly record struct Member(Range Name, int Begin, int End);

    readonly List<byte> _text;
    readonly Stack<Open> _open = [];
    // The members of all open objects, the innermost's last.
    readonly List<Member> _members = [];
    readonly List<byte> _names = [], _room = [];
    readonly Comparison<Member> _byName;

    /// <param name="text">The list to append to.</param>
    public CanonicalJson(List<byte> text)
    {
        _text = text;
        _byName = (a, b) => Name(a).SequenceCompareTo(Name(b));
    }

    /// <exception cref="JsonException">The text is not JSON.</exception>
    /// <exception cref="FormatException">A number has an exponent.</exception>
    public void Append(ReadOnlySpan<byte> json)
    {
        // A call that failed leaves entries behind.
        _open.Clear();
        _members.Clear();
        _names.Clear();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = int.MaxValue });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                Close(_open.Pop());
                continue;
            }
            if (_open.TryPeek(out var around) && !around.IsObject && _text.Count > around.Begin) _text.Add((byte)',');
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                EndLast(around);
                BeginMember(Unescaped(ref reader));
            }
            else AppendValue(ref reader);
        }
    }

    /// <summary>Appends a string in quotes: a backslash before quotes and backslashes, and the shortest JSON escape
    /// of each control character.</summary>
    public void AppendString(ReadOnlySpan<byte> utf8)
    {
        _text.Add((byte)'"');
        for (var special = utf8.IndexOfAny(Special); special >= 0; special = utf8.IndexOfAny(Special))
        {
            _text.AddRange(utf8[..special]);
            _text.AddRange(Escape(utf8[special]));
            utf8 = utf8[(special + 1)..];
        }
        _text.AddRange(utf8);
        _text.Add((byte)'"');
    }

    static readonly System.Buffers.SearchValues<byte> Special =
        System.Buffers.SearchValues.Create([.. Enumerable.Range(0, ' ').Select(c => (byte)c), (byte)'"', (byte)'\\']);

    static ReadOnlySpan<byte> Escape(byte special) => special switch
    {
        (byte)'"' => "\\\""u8,
        (byte)'\\' => "\\\\"u8,
        (byte)'\b' => "\\b"u8,
        (byte)'\t' => "\\t"u8,
        (byte)'\n' => "\\n"u8,
        (byte)'\f' => "\\f"u8,
        (byte)'\r' => "\\r"u8,
        _ => System.Text.Encoding.ASCII.GetBytes($"\\u{special:x4}"),
    };

    void AppendValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                _text.Add(reader.ValueSpan[0]);
                _open.Push(new(reader.TokenType == JsonTokenType.StartObject, _text.Count, _members.Count));
                break;
            case JsonTokenType.String:
                AppendString(Unescaped(ref reader));
                break;
            case JsonTokenType.Number:
                AppendNumber(reader.ValueSpan);
                break;
            default:
                _text.AddRange(reader.ValueSpan);
                break;
        }
    }

    /// <summary>PostgreSQL writes a number of jsonb with all its digits and never with an exponent.</summary>
    void AppendNumber(ReadOnlySpan<byte> number)
    {
        if (number.IndexOfAny((byte)'e', (byte)'E') >= 0) throw new FormatException("a number with an exponent");
        if (number.Contains((byte)'.')) number = number.TrimEnd((byte)'0').TrimEnd((byte)'.');
        _text.AddRange(number.SequenceEqual("-0"u8) ? "0"u8 : number);
    }

    void BeginMember(ReadOnlySpan<byte> name)
    {
        _members.Add(new(_names.Count..(_names.Count + name.Length), _text.Count, End: 0));
        _names.AddRange(name);
        AppendString(name);
        _text.Add((byte)':');
    }

    void EndLast(Open around)
    {
        if (_members.Count > around.Members) _members[^1] = _members[^1] with { End = _text.Count };
    }

    void Close(Open ended)
    {
        EndLast(ended);
        if (_members.Count > ended.Members + 1) Order(ended);
        CollectionsMarshal.SetCount(_members, ended.Members);
        _text.Add(ended.IsObject ? (byte)'}' : (byte)']');
    }

    /// <summary>Sorts the members of a closed object by name, and puts commas between them.</summary>
    void Order(Open ended)
    {
        var members = CollectionsMarshal.AsSpan(_members)[ended.Members..];
        members.Sort(_byName);
        _room.Clear();
        foreach (var (_, begin, end) in members)
        {
            if (_room.Count > 0) _room.Add((byte)',');
            _room.AddRange(CollectionsMarshal.AsSpan(_text)[begin..end]);
        }
        CollectionsMarshal.SetCount(_text, ended.Begin);
        _text.AddRange(CollectionsMarshal.AsSpan(_room));
    }

    ReadOnlySpan<byte> Name(Member member) => CollectionsMarshal.AsSpan(_names)[member.Name];

    /// <returns>A name or string without escapes, valid until the next call.</returns>
    ReadOnlySpan<byte> Unescaped(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        // An escape is longer than its character.
        CollectionsMarshal.SetCount(_room, reader.ValueSpan.Length);
        var room = CollectionsMarshal.AsSpan(_room);
        return room[..reader.CopyString(room)];
    }
}

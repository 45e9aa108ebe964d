using System.Runtime.InteropServices;
using System.Text.Json;

namespace Amrutam.Audit.Sealing;

/// <summary>Writes JSON in the one form that is hashed: no spaces, members in the order of their names' UTF-8 bytes,
/// characters as they are, numbers as exact decimals.</summary>
/// <remarks>
/// The form of RFC 8785 but for numbers, which it rounds to doubles: two amounts that differ in the twentieth digit
/// would then have one hash. It has no depth limit and does not recurse, because a row that could not be sealed
/// would hold up all that come after it. One instance serves one text at a time, and keeps its room from value to
/// value.
/// </remarks>
sealed class CanonicalJson
{
    /// <param name="Begin">Where the text of its members or elements begins.</param>
    /// <param name="Members">Its members are those from here on.</param>
    readonly record struct Open(bool IsObject, int Begin, int Members);

    /// <param name="Name">Where its name stands among the names.</param>
    /// <param name="Begin">Where its text begins, name and all.</param>
    /// <param name="End">Where it ends; known when the next begins, or the object ends.</param>
    readonly record struct Member(Range Name, int Begin, int End);

    readonly List<byte> _text;
    readonly Stack<Open> _open = [];
    // Of all open objects, the innermost's last.
    readonly List<Member> _members = [];
    readonly List<byte> _names = [], _room = [];
    readonly Comparison<Member> _byName;

    /// <param name="text">What is written goes to its end.</param>
    public CanonicalJson(List<byte> text)
    {
        _text = text;
        _byName = (a, b) => Name(a).SequenceCompareTo(Name(b));
    }

    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="FormatException">A number has an exponent.</exception>
    public void Append(ReadOnlySpan<byte> json)
    {
        // One that failed leaves these as they were.
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

    /// <summary>The characters between quotes: a backslash before quotes and backslashes, control characters as the
    /// shortest escape that JSON has for them.</summary>
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

    /// <summary>The members stand one after another in the order they came in; puts commas between them, in the order
    /// of their names.</summary>
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

    /// <returns>A name or a string as it is without escapes, until the next is asked for.</returns>
    ReadOnlySpan<byte> Unescaped(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        // Escapes are longer than what they stand for.
        CollectionsMarshal.SetCount(_room, reader.ValueSpan.Length);
        var room = CollectionsMarshal.AsSpan(_room);
        return room[..reader.CopyString(room)];
    }
}

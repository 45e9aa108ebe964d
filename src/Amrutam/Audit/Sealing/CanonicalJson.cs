using System.Runtime.InteropServices;
using System.Text.Json;

namespace Amrutam.Audit.Sealing;

/// <summary>Writes JSON in the one form that is hashed: no spaces, members in the order of their names' UTF-8 bytes,
/// characters as they are, numbers as exact decimals.</summary>
/// <remarks>
/// The form of RFC 8785 but for numbers, which it rounds to doubles: two amounts that differ in the twentieth digit
/// would then have one hash. It has no depth limit and does not recurse, because a row that could not be sealed
/// would hold up all that come after it.
/// </remarks>
static class CanonicalJson
{
    sealed class Open(bool isObject, int begin)
    {
        public bool IsObject { get; } = isObject;
        public int Begin { get; } = begin;
        public List<Member> Members { get; } = [];
    }

    /// <param name="Begin">Where its text begins, name and all.</param>
    /// <param name="End">Where it ends; known when the next begins, or the object ends.</param>
    readonly record struct Member(byte[] Name, int Begin, int End);

    public static void Append(List<byte> text, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = int.MaxValue });
        var open = new Stack<Open>();
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                Close(text, open.Pop());
                continue;
            }
            if (open.TryPeek(out var around) && !around.IsObject && text.Count > around.Begin) text.Add((byte)',');
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = Unescaped(ref reader);
                EndLast(around!.Members, text.Count);
                around.Members.Add(new(name, text.Count, End: 0));
                AppendString(text, name);
                text.Add((byte)':');
            }
            else AppendValue(text, ref reader, open);
        }
    }

    /// <summary>The characters between quotes: a backslash before quotes and backslashes, control characters as the
    /// shortest escape that JSON has for them.</summary>
    public static void AppendString(List<byte> text, ReadOnlySpan<byte> utf8)
    {
        text.Add((byte)'"');
        for (var special = utf8.IndexOfAny(Special); special >= 0; special = utf8.IndexOfAny(Special))
        {
            text.AddRange(utf8[..special]);
            text.AddRange(Escape(utf8[special]));
            utf8 = utf8[(special + 1)..];
        }
        text.AddRange(utf8);
        text.Add((byte)'"');
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

    static void AppendValue(List<byte> text, ref Utf8JsonReader reader, Stack<Open> open)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                text.Add(reader.ValueSpan[0]);
                open.Push(new(reader.TokenType == JsonTokenType.StartObject, text.Count));
                break;
            case JsonTokenType.String:
                if (reader.ValueIsEscaped) AppendString(text, Unescaped(ref reader));
                else AppendString(text, reader.ValueSpan);
                break;
            case JsonTokenType.Number:
                AppendNumber(text, reader.ValueSpan);
                break;
            default:
                text.AddRange(reader.ValueSpan);
                break;
        }
    }

    /// <summary>PostgreSQL writes a number of jsonb with all its digits and never with an exponent.</summary>
    static void AppendNumber(List<byte> text, ReadOnlySpan<byte> number)
    {
        if (number.IndexOfAny((byte)'e', (byte)'E') >= 0) throw new FormatException("a number with an exponent");
        if (number.Contains((byte)'.')) number = number.TrimEnd((byte)'0').TrimEnd((byte)'.');
        text.AddRange(number.SequenceEqual("-0"u8) ? "0"u8 : number);
    }

    static void Close(List<byte> text, Open ended)
    {
        EndLast(ended.Members, text.Count);
        if (ended.Members.Count > 1) Order(text, ended.Members);
        text.Add(ended.IsObject ? (byte)'}' : (byte)']');
    }

    static void EndLast(List<Member> members, int end)
    {
        if (members.Count > 0) members[^1] = members[^1] with { End = end };
    }

    /// <summary>The members stand one after another in the order they came in; puts commas between them, in the order
    /// of their names.</summary>
    static void Order(List<byte> text, List<Member> members)
    {
        var first = members[0].Begin;
        var asTheyCame = CollectionsMarshal.AsSpan(text)[first..].ToArray();
        members.Sort(static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        CollectionsMarshal.SetCount(text, first);
        foreach (var (_, begin, end) in members)
        {
            if (text.Count > first) text.Add((byte)',');
            text.AddRange(asTheyCame.AsSpan()[(begin - first)..(end - first)]);
        }
    }

    static byte[] Unescaped(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return reader.ValueSpan.ToArray();
        // Escapes are longer than what they stand for.
        var buffer = new byte[reader.ValueSpan.Length];
        return buffer[..reader.CopyString(buffer)];
    }
}

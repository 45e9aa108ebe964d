using System.Security.Cryptography;
using System.Text;
using Amrutam.Audit.Sealing;

namespace Amrutam.Tests.Audit.Sealing;

public sealed class MerkleTreeTests
{
    static byte[] Leaf(int n) => EventText.Leaf(n.ToString());

    static byte[] Leaves(int count) => [.. Enumerable.Range(0, count).SelectMany(Leaf)];

    [Fact]
    public void A_tree_of_every_small_size_is_that_of_RFC_6962()
    {
        for (var size = 1; size <= 70; size++)
            MerkleTree.Root(Leaves(size)).ShouldBe(ByTheBook(Enumerable.Range(0, size).Select(Leaf).ToArray()));
    }

    [Fact]
    public void Each_path_leads_from_its_leaf_to_the_root_and_from_no_other_place()
    {
        foreach (var size in new[] { 1, 2, 3, 5, 8, 13, 33 })
        {
            var (leaves, root) = (Leaves(size), MerkleTree.Root(Leaves(size)));
            for (var i = 0; i < size; i++)
            {
                var path = MerkleTree.Path(leaves, i);
                Climb(Leaf(i), i, size, path).ShouldBe(root);
                if (size > 1) Climb(Leaf(i), (i + 1) % size, size, path).ShouldNotBe(root);
            }
        }
    }

    [Fact]
    public void A_node_cannot_be_passed_off_as_an_event()
    {
        var node = Leaves(2);
        MerkleTree.Root(node).ShouldNotBe(SHA256.HashData([MerkleTree.LeafPrefix, .. node]));
        MerkleTree.Root(node).ShouldBe(SHA256.HashData([MerkleTree.NodePrefix, .. node]));
    }

    [Fact]
    public void The_hash_of_an_empty_text_is_the_RFCs() =>
        Convert.ToHexStringLower(EventText.Leaf("")).ShouldBe(
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");

    [Fact]
    public void The_example_in_the_document_is_right()
    {
        var lines = Tidy.Tree.Lines("docs/audit-seal.md").Select(line => line.Trim()).ToList();
        var example = lines.FindIndex(line => line.StartsWith("{\"action\":", StringComparison.Ordinal));
        var hash = lines.FindIndex(example, line => line.Length == 64 && line.All(char.IsAsciiHexDigitLower));
        Convert.ToHexStringLower(EventText.Leaf(lines[example])).ShouldBe(lines[hash]);
        CanonicalJsonTests.Canonical(lines[example]).ShouldBe(lines[example]);
    }

    /// <summary>The definition in RFC 6962, section 2.1.</summary>
    static byte[] ByTheBook(byte[][] leaves)
    {
        if (leaves.Length == 1) return leaves[0];
        var k = 1;
        while (k * 2 < leaves.Length) k *= 2;
        return SHA256.HashData([1, .. ByTheBook(leaves[..k]), .. ByTheBook(leaves[k..])]);
    }

    /// <summary>RFC 9162, section 2.1.3.2.</summary>
    static byte[]? Climb(byte[] hash, int index, int size, List<byte[]> path)
    {
        var (at, last) = (index, size - 1);
        foreach (var beside in path)
        {
            if (last == 0) return null;
            if (at % 2 == 1 || at == last)
            {
                hash = SHA256.HashData([1, .. beside, .. hash]);
                while (at % 2 == 0 && at != 0) (at, last) = (at / 2, last / 2);
            }
            else hash = SHA256.HashData([1, .. hash, .. beside]);
            (at, last) = (at / 2, last / 2);
        }
        return last == 0 ? hash : null;
    }
}

public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("""{"b": 1, "a": {"d": [1, 2, {"z": null, "y": true}], "c": ""}}""",
        """{"a":{"c":"","d":[1,2,{"y":true,"z":null}]},"b":1}""")]
    [InlineData("""{"aa": 1, "b": 2, "a": 3}""", """{"a":3,"aa":1,"b":2}""")]
    [InlineData("""[1.10, 1.0, 100, -0.50, 0.0, 12345678901234567890.123456789012345678901]""",
        """[1.1,1,100,-0.5,0,12345678901234567890.123456789012345678901]""")]
    [InlineData("""["\u00e9\u20ac\ud83d\ude00\/", "\"\\\b\f\n\r\t\u0001\u007f"]""",
        "[\"\u00e9\u20ac\ud83d\ude00/\",\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\u007f\"]")]
    [InlineData("""{"\uff61": 1, "\ud83d\ude00": 2}""", "{\"\uff61\":1,\"\ud83d\ude00\":2}")]
    [InlineData(""" [] """, "[]")]
    [InlineData("{}", "{}")]
    [InlineData("null", "null")]
    [InlineData("[[], {}, [[]]]", "[[],{},[[]]]")]
    public void All_ways_to_write_a_value_have_one_form(string json, string form)
    {
        Canonical(json).ShouldBe(form);
        Canonical(form).ShouldBe(form);
    }

    [Fact]
    public void Numbers_that_differ_in_the_last_digit_stay_apart() =>
        Canonical("0.30000000000000004440892").ShouldNotBe(Canonical("0.30000000000000004440893"));

    [Fact]
    public void Nesting_is_as_deep_as_a_database_can_hold()
    {
        const int Deep = 20_000;
        var json = string.Concat(Enumerable.Repeat("""{"a":[""", Deep)) + string.Concat(Enumerable.Repeat("]}", Deep));
        Canonical(json).ShouldBe(json);
    }

    [Fact]
    public void A_value_that_cannot_be_written_leaves_nothing_for_the_next()
    {
        var text = new List<byte>();
        var json = new CanonicalJson(text);
        Should.Throw<FormatException>(() => json.Append("""{"c": [1e5]}"""u8));
        text.Clear();
        json.Append("""{"b": 1, "a": {}}"""u8);
        Encoding.UTF8.GetString([.. text]).ShouldBe("""{"a":{},"b":1}""");
        json.Append("[2]"u8);
        Encoding.UTF8.GetString([.. text]).ShouldBe("""{"a":{},"b":1}[2]""");
    }

    internal static string Canonical(string json)
    {
        var text = new List<byte>();
        new CanonicalJson(text).Append(Encoding.UTF8.GetBytes(json));
        return Encoding.UTF8.GetString([.. text]);
    }
}

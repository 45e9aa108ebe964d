using System.Text.Json;

namespace Amrutam.Tests.Platform.Http.Fuzzing;

/// <summary>Values that nobody should send, and that some library somewhere throws for.</summary>
static class HostileValues
{
    public const string AnId = "0193f7f2-5b1e-7c3a-9f2e-1f4b8c9d0e11";

    // Noncharacters, lone surrogates, marks that nobody sees, and letters of two scripts in one word.
    static readonly string[] Texts = [
        "", " ", "x", "%", "%s%n", "' or 1=1 --", "../../etc/passwd", "null", "NaN", "IST", "24:00", "25:61",
        "\0", "a\0b", "\uFFFE", "a\uFFFFb", "\uFDD0", "\U0001FFFE", "\U0010FFFF", "\uFEFF\u202E", "a\u200Bb",
        "\u2066left", "p\u0430ypal", "\u0936\u094D\u200D\u092F\u093E\u092E", "\u1E9B\u0323", "\uFB03", "e\u0301",
        "\U0001F9D1\u200D\u2695\uFE0F", "asha@[127.0.0.1]", "asha@xn--a", "asha@\u00E9xample.org", "a@b@c.d",
        "0001-01-01", "2026-02-30", "9999-12-31", "-0001-01-01", "2026-01-01T00:00:00", "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01", "1900-01-01T00:00:00+23:59",
        "2026-06-30T23:59:60Z", "2026-01-01t00:00:00.1234567899z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00+99:99",
        AnId, new string('9', 100), string.Concat(Enumerable.Repeat("\U0001F9D1", 501)), new string('y', 20_000),
    ];

    // Not by the serializer, which refuses to write lone surrogates.
    static readonly string[] Json = [
        "null", "true", "false", "0", "-0.0", "-1", "1.5", "5", "2147483647", "2147483648", "-2147483649",
        "9223372036854775808", "99999999999999999999", "1e308", "1e400", "-1e-400", "[]", "[null]", "[[]]", "{}",
        "{\"a\":{}}", "\"\\ud800\"", "\"\\udc00x\"", "\"\\ud83d\"", "\"a\\ud800\\ud800\"", "\"\\",
    ];

    /// <summary>Values of a member, as JSON.</summary>
    public static IReadOnlyList<string> Members { get; } =
        [.. Json, .. Texts.Select(text => JsonSerializer.Serialize(text))];

    public static IReadOnlyList<string> Bodies { get; } = [
        "", " ", "null", "[]", "{}", "{", "\"x\"", "5", "true", "{\"\":1}", "{\"__proto__\":{}}", "{}{}", "//x",
        "{\"id\":1,\"id\":2}", "{\"\\ud800\":1}", "{\"\\ufffe\":1}", new string('[', 200),
        "{\"a\":" + new string('{', 100), "{\"x\":\"" + new string('y', 200_000) + "\"}",
    ];

    /// <summary>Values of a parameter in a query, percent-encoded.</summary>
    public static IReadOnlyList<string> InQuery { get; } = [
        .. Texts.Where(text => text.Length < 2000).Select(Uri.EscapeDataString), "%", "%zz", "%ff", "%ed%a0%80",
        "%EF%BF%BE", "%c0%80", "+", "-1", "0", "101", "2147483648", "99999999999999999999", "1e9", "true", "a&a=b",
    ];

    public static IReadOnlyList<string> InPath { get; } = [
        AnId, "x", "%20", "..%2f..", "%ff", "%E0%A4%85", "%EF%BF%BE", "%ed%a0%80", "%F0%9F%BF%BE", "'--", "1e9", "-1",
        "00000000-0000-0000-0000-000000000000", "99999999999999999999", new string('x', 3000),
    ];

    public static IReadOnlyList<string> InHeader { get; } = [
        "", " ", "*", "\"\"", "\"1\"", "W/\"1\"", "\"1\", \"2\"", "x y", "\"", "'--", new string('k', 255),
        new string('k', 256), "99999999999999999999",
    ];

    /// <summary>The header Content-Type of a JSON body.</summary>
    public static IReadOnlyList<string> ContentTypes { get; } = [
        "application/json; charset=\"utf-8\"", "application/json; charset=UTF-8", "application/json; charset=utf-16",
        "application/json; charset=utf-7", "application/json; charset=\"x\"", "application/json; charset=",
        "application/json; charset=utf-8; charset=latin1", "application/json; charset=\"utf-8", "application/json;",
        "application/problem+json; charset=x", "application/json; x=\"", "text/json", "x", "text/plain; charset=x",
        "multipart/form-data", "application/x-www-form-urlencoded; charset=x",
    ];

    public static IReadOnlyList<string> ContentEncodings { get; } =
        ["gzip", "br", "identity", "x", "", "gzip, gzip", "utf-8"];
}

using System.Text;

namespace Amrutam.Tests.Notifications.Calendars;

/// <summary>Judges the bytes of a calendar file by RFC 5545, section 3.1, without a parser.</summary>
static class CalendarBytes
{
    const int LongestLine = 75;

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>Every fault of the lines: bare line breaks, lines over 75 bytes, split characters, control characters,
    /// and properties of somebody else.</returns>
    public static IEnumerable<string> Violations(byte[] file)
    {
        if (!file.AsSpan().EndsWith("\r\n"u8)) yield return "the last line does not end in CRLF";
        var lines = Lines(file).ToList();
        foreach (var (n, line) in lines.Index())
        {
            if (line.Contains((byte)'\r') || line.Contains((byte)'\n')) yield return $"line {n} has a bare line break";
            if (line.Length > LongestLine) yield return $"line {n} has {line.Length} bytes";
            if (line.Length == 0) yield return $"line {n} is empty";
            if (line.Any(b => b is < 0x20 and not ((byte)'\t' or (byte)'\r' or (byte)'\n') or 0x7F))
                yield return $"line {n} has a control character";
            if (!IsText(line)) yield return $"line {n} splits a character";
        }
        foreach (var name in Properties(lines).Except(Known)) yield return $"the property {name} was not written";
    }

    static readonly string[] Known = ["BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "METHOD", "NAME", "X-WR-CALNAME",
        "REFRESH-INTERVAL", "X-PUBLISHED-TTL", "UID", "SEQUENCE", "DTSTAMP", "CREATED", "LAST-MODIFIED", "DTSTART",
        "DTEND", "SUMMARY", "DESCRIPTION", "STATUS", "TRANSP", "CLASS", "ORGANIZER"];

    static IEnumerable<string> Properties(IEnumerable<byte[]> lines) =>
        lines.Where(line => line.Length > 0 && line[0] != ' ')
            .Select(line => Encoding.Latin1.GetString(line).Split(':', ';')[0]);

    static IEnumerable<byte[]> Lines(byte[] file)
    {
        var from = 0;
        for (var i = 0; i + 1 < file.Length; i++)
            if (file[i] == '\r' && file[i + 1] == '\n')
            {
                yield return file[from..i];
                from = i + 2;
            }
        if (from < file.Length) yield return file[from..];
    }

    static bool IsText(byte[] line)
    {
        try
        {
            Strict.GetCharCount(line);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}

using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Amrutam.Identity.Passwords;

/// <summary>Finds passwords in the operator's file of breached passwords, if there is one. It uses no
/// network.</summary>
/// <remarks>
/// The file has the format of published collections: one SHA-1 in hexadecimal per line, sorted, optionally with a colon
/// and a count. It may be larger than memory: a binary search reads it about forty times.
/// </remarks>
sealed class BreachedPasswords : IDisposable
{
    const int HashLength = 2 * SHA1.HashSizeInBytes;

    // A hash, a count and the line's end need fewer.
    const int MaxLine = 80;
    readonly SafeFileHandle? _file;
    readonly long _length;

    BreachedPasswords(SafeFileHandle? file) =>
        (_file, _length) = (file, file is null ? 0 : RandomAccess.GetLength(file));

    /// <param name="path">The file; without one no password is breached.</param>
    /// <exception cref="StartupException">The file cannot be read, or does not begin with a hash.</exception>
    public static BreachedPasswords From(string? path)
    {
        if (path is null) return new(null);
        try
        {
            var known = new BreachedPasswords(File.OpenHandle(path, options: FileOptions.RandomAccess));
            return known.LineAround(0).Hash is { Length: HashLength } hash && hash.All(char.IsAsciiHexDigit)
                ? known
                : throw new StartupException("Setting Identity__BreachedPasswordsFile: "
                    + "each line must begin with a SHA-1 hash in hexadecimal.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"Setting Identity__BreachedPasswordsFile: {e.Message}", e);
        }
    }

    public bool Has(string password)
    {
        var sought = Sha1(password);
        for (var (from, to) = (0L, _length); from < to;)
        {
            var line = LineAround(from + (to - from) / 2);
            var order = string.Compare(line.Hash, sought, StringComparison.OrdinalIgnoreCase);
            if (order == 0) return true;
            (from, to) = order < 0 ? (line.End, to) : (from, line.Start);
        }
        return false;
    }

    /// <returns>The line that a byte of the file is in, and where it starts and the next one does.</returns>
    (string Hash, long Start, long End) LineAround(long position)
    {
        Span<byte> around = stackalloc byte[2 * MaxLine];
        var first = Math.Max(0, position - MaxLine);
        around = around[..RandomAccess.Read(_file!, around, first)];
        var at = (int)(position - first);
        var start = around[..Math.Min(at, around.Length)].LastIndexOf((byte)'\n') + 1;
        var ends = around[start..].IndexOf((byte)'\n');
        var line = ends < 0 ? around[start..] : around.Slice(start, ends);
        return (Encoding.ASCII.GetString(line[..Math.Min(HashLength, line.Length)]), first + start,
            first + start + line.Length + 1);
    }

    // The published collections use SHA-1. Here it only identifies a line.
#pragma warning disable CA5350
    static string Sha1(string password) => Convert.ToHexString(SHA1.HashData(Encoding.UTF8.GetBytes(password)));
#pragma warning restore CA5350

    public void Dispose() => _file?.Dispose();
}

using System.Runtime.InteropServices;

namespace Amrutam.Platform.Operations;

/// <summary>A file that is there whole or not at all, and that nobody who comes later replaces.</summary>
/// <remarks>Moving a file to a name that must be free is two steps on Unix: the runtime looks, then renames, and of two
/// at once the second replaces what the first has made and perhaps read already. A hard link is made or refused in
/// one.</remarks>
static partial class AtomicFile
{
    // The same number on Linux and macOS.
    const int AlreadyExists = 17;

    /// <param name="path">In a folder that is there.</param>
    /// <param name="content">What is on the disk when this returns.</param>
    /// <param name="mode">Who may read it, where that is told by mode; null for everybody the process lets.</param>
    /// <returns>False when there is one of that name already.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static bool Write(string path, ReadOnlySpan<byte> content, UnixFileMode? mode = null)
    {
        var draft = $"{path}.{Path.GetRandomFileName()}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        try
        {
            using (var file = new FileStream(draft, options))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            return OperatingSystem.IsWindows() ? Move(draft, path) : Link(draft, path);
        }
        finally
        {
            File.Delete(draft);
        }
    }

    static bool Link(string draft, string path) => HardLink(draft, path) == 0
        || (Marshal.GetLastPInvokeError() != AlreadyExists
            // A file system without hard links.
            && Move(draft, path));

    static bool Move(string draft, string path)
    {
        try
        {
            File.Move(draft, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int HardLink(string from, string to);
}

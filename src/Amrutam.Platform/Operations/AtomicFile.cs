using System.Runtime.InteropServices;

namespace Amrutam.Platform.Operations;

/// <summary>Writes a file completely or not at all, and never replaces a file.</summary>
/// <remarks>On Unix the runtime moves a file to a free name in two steps: it looks, then renames. So of two writers the
/// second could replace the first one's file after somebody has read it. A hard link is made or refused in one
/// step.</remarks>
static partial class AtomicFile
{
    // The number is the same on Linux and macOS.
    const int AlreadyExists = 17;

    /// <param name="path">The file's path. Its folder must exist.</param>
    /// <param name="content">The content. It is on the disk when this returns.</param>
    /// <param name="mode">The file's Unix mode; null for the process's default.</param>
    /// <returns>False if a file of that name exists already.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write the file.</exception>
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
            // The file system has no hard links.
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

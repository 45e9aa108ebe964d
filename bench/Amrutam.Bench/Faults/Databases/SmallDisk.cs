using System.Diagnostics;
using System.Globalization;

namespace Amrutam.Bench.Faults.Databases;

/// <summary>A file system in a file, which a run fills without filling the machine's own disk.</summary>
/// <remarks>Only root may mount one. Elsewhere a run has no fault of this kind.</remarks>
sealed class SmallDisk : IAsyncDisposable
{
    // The image is sparse, so it takes what is written to it.
    const string Size = "8G";

    readonly string _folder;

    SmallDisk(string folder) => _folder = folder;

    string Image => _folder + ".image";
    string Filler => Path.Combine(_folder, "filler");

    public static bool IsPossible => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;

    /// <summary>Mounts an empty disk on a new folder.</summary>
    /// <returns>The disk; null where the machine does not let this process mount one.</returns>
    public static async Task<SmallDisk?> Mount(string folder)
    {
        if (!IsPossible) return null;
        var disk = new SmallDisk(folder);
        Directory.CreateDirectory(folder);
        if (await Run("truncate", "-s", Size, disk.Image) && await Run("mkfs.ext4", "-q", "-m", "0", disk.Image)
            && await Run("mount", "-o", "loop", disk.Image, folder)) return disk;
        File.Delete(disk.Image);
        return null;
    }

    /// <summary>Leaves no free byte on the disk.</summary>
    public async Task Fill()
    {
        var free = new DriveInfo(_folder).AvailableFreeSpace;
        // A file system may need some of the last blocks for itself.
        if (!await Run("fallocate", "-l", free.ToString(CultureInfo.InvariantCulture), Filler))
            await Run("dd", "if=/dev/zero", "of=" + Filler, "bs=1M", "status=none");
    }

    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync()
    {
        if (!await Run("umount", _folder)) await Run("umount", "-l", _folder);
        File.Delete(Image);
    }

    static async Task<bool> Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true, UseShellExecute = false,
        })!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}

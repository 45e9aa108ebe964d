namespace Amrutam.Platform.Data;

/// <summary>The folder for the files of the installation (section <c>Data</c>).</summary>
sealed class DataSettings
{
    public const string Section = "Data";

    const string Folder = "amrutam";

    /// <summary>The folder; unset or empty: the operating system's folder for the data of programs.</summary>
    public string? Directory { get; init; }

    /// <summary>The folder that these settings name, or the default. The folder may not exist.</summary>
    /// <param name="settings">The server's settings.</param>
    public static string DirectoryOf(IConfiguration settings) =>
        settings.GetSection(Section)[nameof(Directory)] is { Length: > 0 } given ? given : DefaultDirectory();

    /// <summary>Makes the folder if there is none. Other users of the machine may not enter it.</summary>
    public static void Make(string directory)
    {
        if (OperatingSystem.IsWindows()) System.IO.Directory.CreateDirectory(directory);
        else
            System.IO.Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite
                | UnixFileMode.UserExecute);
    }

    /// <summary>/var/lib/amrutam for root. For other users it is a folder below XDG_DATA_HOME, ~/.local/share,
    /// ~/Library/Application Support or %LOCALAPPDATA%.</summary>
    public static string DefaultDirectory()
    {
        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess) return "/var/lib/" + Folder;
        if (Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data && Path.IsPathRooted(data))
            return Path.Combine(data, Folder);
        return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify), Folder);
    }
}

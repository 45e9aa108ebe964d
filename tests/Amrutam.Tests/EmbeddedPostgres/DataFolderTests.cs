using System.Runtime.Versioning;
using Amrutam.Commands;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Microsoft.Extensions.Logging.Abstractions;

namespace Amrutam.Tests.EmbeddedPostgres;

/// <summary>The data folder is closed to other users of the machine.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DataFolderTests : IDisposable
{
    const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
    const UnixFileMode GroupsFiles = UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amrutam-data-");

    public DataFolderTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the folder's mode is Unix's");
        // PostgreSQL's user must pass through it.
        File.SetUnixFileMode(_folder.FullName, File.GetUnixFileMode(_folder.FullName) | UnixFileMode.OtherExecute);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_other_user_may_enter_the_folder_of_an_embedded_database(bool wasOpen)
    {
        var data = Path.Combine(_folder.FullName, "data");
        if (wasOpen) Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute | Others | GroupsFiles);
        await using (await PrivatePostgres.Own(EmbeddedDatabase.Options, data, NullLogger.Instance,
            CancellationToken.None, durable: false))
        {
            (File.GetUnixFileMode(data) & (Others | GroupsFiles)).ShouldBe(UnixFileMode.None);
        }
    }

    [Fact]
    public void No_other_user_may_enter_the_folder_of_a_server_with_a_given_database()
    {
        var data = Path.Combine(_folder.FullName, "data");
        DataSettings.Make(data);
        (File.GetUnixFileMode(data) & (Others | GroupsFiles | UnixFileMode.GroupExecute)).ShouldBe(UnixFileMode.None);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

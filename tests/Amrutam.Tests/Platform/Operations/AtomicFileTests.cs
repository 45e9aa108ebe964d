using Amrutam.Platform.Operations;

namespace Amrutam.Tests.Platform.Operations;

/// <summary>A file that several writers make at once.</summary>
public sealed class AtomicFileTests : IDisposable
{
    const int Rounds = 200, Writers = 4;

    readonly string _directory = Directory.CreateTempSubdirectory("amrutam-file-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Of_concurrent_writers_one_succeeds_and_the_others_learn_it()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var path = Path.Combine(_directory, $"{round}");
            using var start = new Barrier(Writers);
            var wrote = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Factory.StartNew(() =>
            {
                start.SignalAndWait();
                return AtomicFile.Write(path, [(byte)writer]);
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            wrote.Count(done => done).ShouldBe(1);
            File.ReadAllBytes(path).ShouldBe([(byte)Array.IndexOf(wrote, true)]);
        }
        Directory.EnumerateFiles(_directory).Count().ShouldBe(Rounds, "no draft is left behind");
    }

    [Fact]
    public void An_existing_file_is_not_replaced()
    {
        var path = Path.Combine(_directory, "file");
        AtomicFile.Write(path, "first"u8).ShouldBeTrue();
        AtomicFile.Write(path, "second"u8).ShouldBeFalse();
        File.ReadAllText(path).ShouldBe("first");
    }

    [Fact]
    public void A_folder_that_is_not_there_is_an_error_and_not_another_ones_file() =>
        Should.Throw<DirectoryNotFoundException>(() => AtomicFile.Write(
            Path.Combine(_directory, "none", "file"), "x"u8));
}

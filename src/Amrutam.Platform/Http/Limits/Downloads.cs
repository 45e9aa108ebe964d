using System.Collections.Concurrent;
using Amrutam.Platform.Http.Problems;

namespace Amrutam.Platform.Http.Limits;

/// <summary>Answers with a file of any size. The file is written as a whole first and sent after, so no
/// connection of the writer waits for the client.</summary>
/// <remarks>
/// The only way to send an answer in parts. An account has one download at a time, from its first byte to its last; a
/// second one gets 429. Few files are written at once, so that downloads take few connections of the pool. The file is
/// temporary, readable by the server alone, and gone with the answer.
/// </remarks>
sealed class Downloads(HttpSettings settings) : IDisposable
{
    // Each file that is being written holds one connection of the pool. Those that wait hold none.
    const int WrittenAtOnce = 2;

    // Files on the disk; each may be some megabytes.
    const int KeptAtOnce = 100;

    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    readonly ConcurrentDictionary<Guid, bool> _accounts = new();
    readonly SemaphoreSlim _writing = new(WrittenAtOnce);
    readonly TimeSpan _longest = TimeSpan.FromSeconds(settings.MaxResponseSeconds);

    /// <param name="type">The media type.</param>
    /// <param name="name">The name of the file for the client.</param>
    /// <param name="write">Writes the content, and gives back its connection before it returns.</param>
    /// <returns>The download; 429 <c>too_many_at_once</c> while the account has another one, and 503 while too many
    /// accounts have one.</returns>
    public Download Of(CurrentUser account, string type, string name, Func<Stream, CancellationToken, Task> write) =>
        new Download(this, account.Id, type, name, write);

    public void Dispose() => _writing.Dispose();

    /// <summary>A file as the result of a handler.</summary>
    public sealed class Download(Downloads all, Guid account, string type, string name,
        Func<Stream, CancellationToken, Task> write) : IResult
    {
        public async Task ExecuteAsync(HttpContext http)
        {
            if (all._accounts.Count >= KeptAtOnce) throw new OverloadedException("too many downloads");
            if (!all._accounts.TryAdd(account, true))
            {
                await ProblemResponses.Write(http, CommonProblems.TooManyAtOnce);
                return;
            }
            try
            {
                await using var file = await Write(http.RequestAborted);
                http.Response.ContentType = type;
                http.Response.ContentLength = file.Length;
                http.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
                await Send(file, http);
            }
            finally
            {
                all._accounts.TryRemove(account, out _);
            }
        }

        async Task<FileStream> Write(CancellationToken ct)
        {
            if (!await all._writing.WaitAsync(LongestWait, ct)) throw new OverloadedException("downloads wait");
            try
            {
                var file = Open();
                try
                {
                    await write(file, ct);
                    file.Position = 0;
                    return file;
                }
                catch
                {
                    await file.DisposeAsync();
                    throw;
                }
            }
            finally
            {
                all._writing.Release();
            }
        }

        /// <summary>A client that takes longer loses the connection: a part of the answer is no answer.</summary>
        async Task Send(FileStream file, HttpContext http)
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
            end.CancelAfter(all._longest);
            try
            {
                await file.CopyToAsync(http.Response.Body, end.Token);
            }
            catch (OperationCanceledException)
            {
                http.Abort();
            }
        }

        static FileStream Open()
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None,
                Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
            };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            return new(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), options);
        }
    }
}

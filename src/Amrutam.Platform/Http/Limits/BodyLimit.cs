using System.Buffers;
using System.IO.Pipelines;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.Features;

namespace Amrutam.Platform.Http.Limits;

/// <summary>Refuses a body that is larger than any request needs with 413, and one that takes too long with 408.
/// </summary>
/// <remarks>
/// Kestrel's own limit closes the connection on a caller who is still sending, and most clients then report a broken
/// pipe instead of the 413. So Kestrel's is the larger one: up to it the rest of a refused body is read and thrown
/// away.
/// </remarks>
sealed class BodyLimit(RequestDelegate next, HttpSettings settings, TimeProvider clock)
{
    public const long ReadAndThrownAwayBytes = 16 * 1024 * 1024;
    const int Bytes = 128 * 1024;

    readonly TimeSpan _longest = TimeSpan.FromSeconds(settings.MaxBodySeconds);

    public Task Invoke(HttpContext http)
    {
        if (http.Request.ContentLength > Bytes) return ProblemResponses.Write(http, CommonProblems.TooLarge);
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
            http.Request.Body = new LimitedBody(http.Request.BodyReader, _longest, clock);
        return next(http);
    }

    /// <summary>Counts a body's bytes, because a body in chunks does not say its length, and its time.</summary>
    /// <remarks>Nearly every body is there before it is read. Only a read that has to wait sets a timer. The reader is
    /// read and not the framework's stream, which leaves the reader unusable when its read ends early.</remarks>
    sealed class LimitedBody(PipeReader reader, TimeSpan longest, TimeProvider clock) : Stream
    {
        readonly long _began = clock.GetTimestamp();
        long _read;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
        {
            var read = reader.ReadAsync(ct);
            return read.IsCompletedSuccessfully ? new(Take(read.Result, buffer)) : Wait(read, buffer);
        }

        async ValueTask<int> Wait(ValueTask<ReadResult> read, Memory<byte> buffer)
        {
            var left = longest - clock.GetElapsedTime(_began);
            using var end = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock);
            using var ending = end.Token.UnsafeRegister(r => ((PipeReader)r!).CancelPendingRead(), reader);
            return Take(await read, buffer);
        }

        int Take(ReadResult result, Memory<byte> buffer)
        {
            if (result.IsCanceled)
            {
                reader.AdvanceTo(result.Buffer.Start);
                throw new BadHttpRequestException("too slow", StatusCodes.Status408RequestTimeout);
            }
            var taken = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, buffer.Length));
            taken.CopyTo(buffer.Span);
            // The reader reuses the memory of what it passed, so the length is taken before.
            var length = (int)taken.Length;
            reader.AdvanceTo(taken.End);
            return Counted(length);
        }

        int Counted(int read)
        {
            _read += read;
            return _read > Bytes
                ? throw new BadHttpRequestException("too large", StatusCodes.Status413PayloadTooLarge)
                : read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken ct) =>
            ReadAsync(buffer.AsMemory(offset, count), ct).AsTask();

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => _read; set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

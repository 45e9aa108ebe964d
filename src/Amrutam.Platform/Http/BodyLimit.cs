using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.Features;

namespace Amrutam.Platform.Http;

/// <summary>Refuses a body that is larger than any request needs, so that the caller gets the reason.</summary>
/// <remarks> At its own limit Kestrel closes the connection while the caller still sends, and most clients then report
/// a broken pipe instead of the 413. So Kestrel's limit is the larger one. Up to it the rest of a refused body is read
/// and discarded. </remarks>
static class BodyLimit
{
    public const long ReadAndThrownAwayBytes = 16 * 1024 * 1024;
    const int Bytes = 128 * 1024;

    public static Task Refuse(HttpContext http, RequestDelegate next)
    {
        if (http.Request.ContentLength > Bytes) return ProblemResponses.Write(http, CommonProblems.TooLarge);
        // A body in chunks does not state its length, so it is counted while it is read.
        if (http.Request.ContentLength is null
            && http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
            http.Request.Body = new Counted(http.Request.Body);
        return next(http);
    }

    sealed class Counted(Stream body) : Stream
    {
        long _read;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken ct = default)
        {
            var read = await body.ReadAsync(buffer, ct);
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

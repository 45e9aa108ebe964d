using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Amrutam.Platform.Http;

/// <summary>Serves HEAD as GET without the body, on every route (RFC 9110, 9.1 and 9.3.2).</summary>
/// <remarks>
/// Routing and everything after it sees GET, so no route is declared twice. Kestrel knows that the request was HEAD and
/// drops the body. The length is counted here, because GET may send a body of a length that nobody knew before.
/// </remarks>
sealed class HeadRequests(RequestDelegate next)
{
    sealed record SentAsHead;

    static readonly SentAsHead Mark = new();

    /// <summary>The method as the client sent it.</summary>
    public static string Method(HttpContext http) =>
        http.Features.Get<SentAsHead>() is null ? http.Request.Method : HttpMethods.Head;

    public Task Invoke(HttpContext http) =>
        HttpMethods.IsHead(http.Request.Method) ? ServeAsGet(http) : next(http);

    async Task ServeAsGet(HttpContext http)
    {
        http.Request.Method = HttpMethods.Get;
        http.Features.Set(Mark);
        var sent = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        var counted = new CountedBody();
        http.Features.Set<IHttpResponseBodyFeature>(counted);
        try
        {
            await next(http);
            await counted.Writer.FlushAsync(CancellationToken.None);
        }
        finally
        {
            http.Features.Set(sent);
        }
        if (!http.Response.HasStarted && counted.Length > 0) http.Response.ContentLength ??= counted.Length;
    }

    /// <summary>Adds HEAD to the header Allow if it names GET. Routing, which writes it, does not know of
    /// HEAD.</summary>
    public static void AllowWithGet(HttpResponse response)
    {
        var methods = response.Headers.Allow.ToString().Split(", ");
        if (methods.Contains(HttpMethods.Get))
            response.Headers.Allow = string.Join(", ", methods.Append(HttpMethods.Head).Order(StringComparer.Ordinal));
    }

    /// <summary>A body that only counts. The answer starts when it is complete, with its length.</summary>
    sealed class CountedBody : IHttpResponseBodyFeature
    {
        readonly CountingStream _stream = new();

        public CountedBody() => Writer = PipeWriter.Create(_stream, new(leaveOpen: true));

        public long Length => _stream.Position;

        public Stream Stream => _stream;

        public PipeWriter Writer { get; }

        public void DisableBuffering() { }

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task CompleteAsync() => Task.CompletedTask;

        public Task SendFileAsync(string path, long offset, long? count,
            CancellationToken cancellationToken = default) =>
            SendFileFallback.SendFileAsync(_stream, path, offset, count, cancellationToken);
    }

    sealed class CountingStream : Stream
    {
        long _written;

        public override bool CanRead => false;
        // An answer that is begun again, as that of an exception, sets the length back.
        public override bool CanSeek => true;
        public override bool CanWrite => true;
        public override long Length => _written;
        public override long Position { get => _written; set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => _written = value;
        public override void Write(byte[] buffer, int offset, int count) => _written += count;

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            _written += count;
            return Task.CompletedTask;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default)
        {
            _written += buffer.Length;
            return ValueTask.CompletedTask;
        }
    }
}

using System.Globalization;
using System.Net.Mime;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Amrutam.Platform.Http.Inner;

/// <summary>Marks a request that a page sent to a route of its own process.</summary>
/// <param name="Caller">The person whom the page has authenticated; null for a visitor.</param>
/// <remarks>Only code of this process can set a feature, so no client can send such a request.</remarks>
sealed record InnerRequest(CurrentUser? Caller);

/// <summary>Sends the requests of pages to the API routes of this process, without a network.</summary>
/// <remarks>
/// Such a request passes every check that a request from outside passes after the request log: validation, roles,
/// idempotency, the access log. It is a part of the page's request. So it has the page's trace, network address and
/// end, and the limiter counts it once, with the page.
/// </remarks>
sealed class InnerRequests(IServiceScopeFactory scopes)
{
    RequestDelegate? _pipeline;

    /// <summary>Takes the pipeline from this point on for inner requests.</summary>
    public RequestDelegate Begin(RequestDelegate next) => _pipeline = next;

    /// <param name="page">The request that this one is a part of.</param>
    /// <param name="address">A path of the API with its query.</param>
    /// <param name="body">JSON; null for a request without a body.</param>
    public async Task<InnerResponse> Send(HttpContext page, HttpMethod method, string address,
        ReadOnlyMemory<byte>? body = null, IReadOnlyDictionary<string, string>? headers = null)
    {
        // The API writes for programs; a page's language must not reach it. The change ends with this method.
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        await using var scope = scopes.CreateAsyncScope();
        using var sent = new MemoryStream();
        var response = new BufferedResponse();
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(RequestOf(page, method, address, body, headers));
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(sent));
        features.Set<IHttpRequestBodyDetectionFeature>(new BodyDetection(body is not null));
        features.Set(page.Features.Get<IHttpConnectionFeature>());
        features.Set(new InnerRequest(CurrentUser.Of(page)));
        var inner = new DefaultHttpContext(features)
        {
            RequestServices = scope.ServiceProvider, RequestAborted = page.RequestAborted,
        };
        await (_pipeline ?? throw new InvalidOperationException("the pipeline is not built yet"))(inner);
        await response.Complete();
        return new(inner.Response.StatusCode, sent.ToArray(), inner.Response.Headers);
    }

    static HttpRequestFeature RequestOf(HttpContext page, HttpMethod method, string address,
        ReadOnlyMemory<byte>? body, IReadOnlyDictionary<string, string>? headers)
    {
        var query = address.IndexOf('?', StringComparison.Ordinal);
        var request = new HttpRequestFeature
        {
            Method = method.Method, Scheme = page.Request.Scheme, Protocol = page.Request.Protocol,
            Path = query < 0 ? address : address[..query], QueryString = query < 0 ? "" : address[query..],
            RawTarget = address, Body = body is { } bytes ? new MemoryStream(bytes.ToArray(), writable: false)
                : Stream.Null,
        };
        request.Headers.Host = page.Request.Headers.Host;
        request.Headers.Accept = MediaTypeNames.Application.Json;
        if (body is { Length: var length })
        {
            request.Headers.ContentType = "application/json; charset=utf-8";
            request.Headers.ContentLength = length;
        }
        foreach (var (name, value) in headers ?? new Dictionary<string, string>()) request.Headers[name] = value;
        return request;
    }

    sealed class BodyDetection(bool canHaveBody) : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => canHaveBody;
    }

    /// <summary>Runs what waits for the start and the end of the response. The whole response starts when it is
    /// complete.</summary>
    sealed class BufferedResponse : HttpResponseFeature
    {
        readonly Stack<(Func<object, Task> Run, object State)> _starting = new(), _completed = new();

        public override void OnStarting(Func<object, Task> callback, object state) =>
            _starting.Push((callback, state));

        public override void OnCompleted(Func<object, Task> callback, object state) =>
            _completed.Push((callback, state));

        public async Task Complete()
        {
            while (_starting.TryPop(out var starting)) await starting.Run(starting.State);
            while (_completed.TryPop(out var completed)) await completed.Run(completed.State);
        }
    }
}

/// <summary>The response to an inner request.</summary>
sealed record InnerResponse(int Status, ReadOnlyMemory<byte> Body, IHeaderDictionary Headers)
{
    public string? ETag => Headers[HeaderNames.ETag];
}

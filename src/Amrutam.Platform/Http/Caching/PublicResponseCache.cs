using System.Collections.Concurrent;

namespace Amrutam.Platform.Http.Caching;

/// <summary>The responses of this route are the same for everybody until something changes.</summary>
/// <param name="Part">The route value whose changes matter; null if any change may matter.</param>
sealed record CachedPublicly(string? Part);

/// <summary>The longest time that the response holds, unless a change is announced.</summary>
sealed record CacheDuration(TimeSpan For);

/// <summary>The route calls <see cref="CacheInvalidation"/> itself where it changes public data.</summary>
sealed record InvalidatesItself;

/// <summary>Answers public lists from memory until their data changes.</summary>
/// <remarks> A response is kept with the count of <see cref="CacheInvalidation"/> from before its data was read, and is
/// used only while that count is the same. So no list shows a slot after its booking was acknowledged. Concurrent
/// requests for the same list wait for one query. Time also changes lists (a slot begins, a hold ends), and nobody
/// announces that. So a route states how long its response holds (<see cref="PublicResponseCacheOnRoutes.CacheFor"/>);
/// without a statement it holds for a second. <see cref="HttpSettings.ListsKeptSeconds"/> limits all of them, so a
/// change that was not announced shows as well. A request with another method than GET counts as a change of
/// everything, unless its route announces its changes itself. So a new route cannot forget to announce. Jobs announce
/// their changes themselves. </remarks>
sealed class PublicResponseCache(RequestDelegate next, CacheInvalidation changes, HttpSettings settings,
    TimeProvider clock)
{
    const int MaxQueryLength = 256, MaxAnswers = 4096, MaxAnswerBytes = 256 * 1024;
    const long MaxBytes = 16 * 1024 * 1024;
    const string Json = "application/json";

    // While one query runs, the same list is not queried again for this long either.
    static readonly TimeSpan UnlessTold = TimeSpan.FromSeconds(1);

    readonly TimeSpan _longest = TimeSpan.FromSeconds(settings.ListsKeptSeconds);

    readonly record struct Key(string Route, Guid? Part, string Query);

    /// <param name="Count">The count of changes before its data was read.</param>
    /// <param name="Since">The time just before its data was read.</param>
    /// <param name="Body">Null if the response turned out not to be the same for everybody.</param>
    sealed record Kept(long Count, long Since, Task<byte[]?> Body)
    {
        /// <summary>Counted from <see cref="Since"/>.</summary>
        public TimeSpan HoldsFor { get; set; } = UnlessTold;
    }

    readonly ConcurrentDictionary<Key, Kept> _kept = new();
    long _bytes;

    public Task Invoke(HttpContext http)
    {
        var endpoint = http.GetEndpoint();
        if (HttpMethods.IsGet(http.Request.Method))
            return endpoint?.Metadata.GetMetadata<CachedPublicly>() is { } shared && Takes(http, Json)
                && _longest > TimeSpan.Zero && changes.IsCurrent
                ? Give(http, shared)
                : next(http);
        if (endpoint is not null && endpoint.Metadata.GetMetadata<InvalidatesItself>() is null)
            http.Response.OnStarting(Announce, http);
        return next(http);
    }

    /// <summary>Announces before the first byte of the response, and after a failure too, because its change may be
    /// committed.</summary>
    Task Announce(object http)
    {
        if (((HttpContext)http).Response.StatusCode is < 400 or >= 500) changes.InvalidateAll();
        return Task.CompletedTask;
    }

    async Task Give(HttpContext http, CachedPublicly shared)
    {
        Guid? part = shared.Part is { } name && Guid.TryParse(http.Request.RouteValues[name] as string, out var id)
            ? id : null;
        // The route and not the path as it was typed, which may have capitals and a slash at its end.
        var key = new Key(RequestLog.Route(http), part, http.Request.QueryString.Value ?? "");
        var count = changes.Version(part);
        if (key.Query.Length > MaxQueryLength)
        {
            await next(http);
            return;
        }
        if (_kept.TryGetValue(key, out var kept) && kept.Count == count
            && clock.GetElapsedTime(kept.Since) < kept.HoldsFor)
        {
            if (await kept.Body.WaitAsync(http.RequestAborted) is { } body) await Write(http, body);
            else await next(http);
            return;
        }
        await ReadAndKeep(http, key, count);
    }

    async Task ReadAndKeep(HttpContext http, Key key, long count)
    {
        if (_kept.Count >= MaxAnswers || Interlocked.Read(ref _bytes) > MaxBytes) Forget();
        var answer = new TaskCompletionSource<byte[]?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var kept = _kept[key] = new(count, clock.GetTimestamp(), answer.Task);
        byte[]? shared = null;
        try
        {
            var body = await Record(http);
            if (http.Response.StatusCode == StatusCodes.Status200OK && body.Length <= MaxAnswerBytes) shared = body;
            Interlocked.Add(ref _bytes, shared?.Length ?? 0);
            var holds = http.Features.Get<CacheDuration>()?.For ?? UnlessTold;
            kept.HoldsFor = holds < _longest ? holds : _longest;
            // The requests that wait are answered first, because this one's client may be slow.
            answer.TrySetResult(shared);
            await http.Response.Body.WriteAsync(body, http.RequestAborted);
        }
        finally
        {
            answer.TrySetResult(shared);
        }
    }

    async Task<byte[]> Record(HttpContext http)
    {
        var sent = http.Response.Body;
        using var recorded = new MemoryStream();
        http.Response.Body = recorded;
        try
        {
            await next(http);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        }
        finally
        {
            http.Response.Body = sent;
        }
        return recorded.ToArray();
    }

    void Forget()
    {
        _kept.Clear();
        Interlocked.Exchange(ref _bytes, 0);
    }

    static Task Write(HttpContext http, byte[] body)
    {
        http.Response.ContentType = Json + "; charset=utf-8";
        http.Response.ContentLength = body.Length;
        return http.Response.Body.WriteAsync(body, 0, body.Length, http.RequestAborted);
    }

    /// <summary>Finer rules of media types are the route's.</summary>
    static bool Takes(HttpContext http, string type)
    {
        var accept = http.Request.Headers.Accept;
        return accept.Count == 0 || accept.Count == 1 && accept[0] is { } one
            && (one == "*/*" || one.StartsWith(type, StringComparison.OrdinalIgnoreCase));
    }
}

static class PublicResponseCacheOnRoutes
{
    public static TBuilder CachePublic<TBuilder>(this TBuilder route, string? part = null)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new CachedPublicly(part));

    public static TBuilder InvalidatesItself<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new InvalidatesItself());

    /// <summary>States how long this response stays true if nobody changes anything, counted from before its data was
    /// read.</summary>
    public static void CacheFor(this HttpContext http, TimeSpan time) => http.Features.Set(new CacheDuration(time));
}

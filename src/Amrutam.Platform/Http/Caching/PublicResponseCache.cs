using System.Collections.Concurrent;

namespace Amrutam.Platform.Http.Caching;

/// <summary>The answers of this route are the same for everybody until something changes.</summary>
/// <param name="Part">The route value whose changes matter; null when any change may.</param>
sealed record CachedPublicly(string? Part);

/// <summary>How long the answer holds, unless a change is announced.</summary>
sealed record CacheDuration(TimeSpan For);

/// <summary>The route raises <see cref="CacheInvalidation"/> itself where it changes what everybody sees.</summary>
sealed record InvalidatesItself;

/// <summary>Gives public lists from memory until something changes that they show.</summary>
/// <remarks>
/// An answer is kept with the count of <see cref="CacheInvalidation"/> from before it was read, and given only while
/// that count
/// stands: so a slot that was booked is in no list that is asked for after the booking was acknowledged. Those who ask
/// for the same at once wait for one look at the database. Time changes lists too (a slot begins, a hold ends), which
/// nobody announces: a route says until when its answer holds (<see cref="PublicResponseCacheOnRoutes.CacheFor"/>),
/// and what
/// does not say lives for a second. <see cref="HttpSettings.ListsKeptSeconds"/> is the most for all, so that what was
/// not announced is seen all the same. Every other method than GET counts as a change of everything unless its route
/// says that it announces for itself, so a new route cannot forget to; jobs announce themselves.
/// </remarks>
sealed class PublicResponseCache(RequestDelegate next, CacheInvalidation changes, HttpSettings settings,
    TimeProvider clock)
{
    const int MaxQueryLength = 256, MaxAnswers = 4096, MaxAnswerBytes = 256 * 1024;
    const long MaxBytes = 16 * 1024 * 1024;
    const string Json = "application/json";

    // Also how long the same is not looked for again while one look is under way.
    static readonly TimeSpan UnlessTold = TimeSpan.FromSeconds(1);

    readonly TimeSpan _longest = TimeSpan.FromSeconds(settings.ListsKeptSeconds);

    readonly record struct Key(string Route, Guid? Part, string Query);

    /// <param name="Count">That of the changes before it was read.</param>
    /// <param name="Since">When it was about to be read.</param>
    /// <param name="Body">Null when the answer turned out not to be one for everybody.</param>
    sealed record Kept(long Count, long Since, Task<byte[]?> Body)
    {
        /// <summary>From <see cref="Since"/> on.</summary>
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

    /// <summary>Before the first byte of the answer; after a failure too, because its change may be there all the
    /// same.</summary>
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
            // Those who wait are answered before the one who may be slow to take it.
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

    /// <summary>What is finer than this is left to the route.</summary>
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

    /// <summary>Says how long what is about to be answered stays true if nobody changes anything, counted from before
    /// it was read.</summary>
    public static void CacheFor(this HttpContext http, TimeSpan time) => http.Features.Set(new CacheDuration(time));
}

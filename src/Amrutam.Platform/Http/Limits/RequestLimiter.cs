using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Inner;
using Amrutam.Platform.Http.Problems;

namespace Amrutam.Platform.Http.Limits;

/// <summary>Bounds the requests of one caller before any of them takes a connection: 429 <c>too_many_at_once</c> and
/// 429 <c>too_many_changes</c>.</summary>
/// <remarks>
/// A caller is an account. A change without a token counts for the client's network address. Public reads are not
/// limited, so probes always pass. A request that finds no place waits without a connection, because an app asks for
/// several things at once. The counts are in memory: a database that waits for locks must not be asked first.
/// </remarks>
sealed class RequestLimiter
{
    const int Stripes = 64, WaitingForAPlace = 8, SecondsOfAMinute = 60;
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    readonly RequestDelegate _next;
    readonly RequestLimits _limits;
    readonly TimeProvider _clock;
    readonly int _places;
    readonly Stripe[] _stripes = [.. Enumerable.Range(0, Stripes).Select(_ => new Stripe())];

    public RequestLimiter(RequestDelegate next, RequestLimits limits, DatabaseSettings database, TimeProvider clock)
    {
        (_next, _limits, _clock) = (next, limits, clock);
        // Also in a small pool nobody has more than half of it.
        _places = Math.Min(limits.RequestsAtOnce, database.MaxConnections / 2);
    }

    /// <summary>Whether the method changes something.</summary>
    public static bool IsChange(string method) =>
        !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method);

    public Task Invoke(HttpContext http)
    {
        // It is counted with the page that sent it.
        if (http.Features.Get<InnerRequest>() is not null) return _next(http);
        var user = CurrentUser.Of(http);
        var isChange = IsChange(http.Request.Method);
        if (user is null && !isChange) return _next(http);
        var changes = !isChange ? 0 : user is null ? _limits.ChangesPerAddress : _limits.ChangesPerAccount;
        return Run(http, user?.Id ?? NetworkOf(http.Connection.RemoteIpAddress), changes);
    }

    async Task Run(HttpContext http, Guid caller, int changes)
    {
        var stripe = _stripes[(uint)caller.GetHashCode() % Stripes];
        if (changes > 0 && stripe.CountChange(caller, changes, Second()) is > 0 and var wait)
        {
            http.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
            await ProblemResponses.Write(http, CommonProblems.TooManyChanges);
            return;
        }
        if (_places == 0)
        {
            await _next(http);
            return;
        }
        if (stripe.TakePlace(caller, _places) is { } waiting && !await Wait(waiting))
        {
            await ProblemResponses.Write(http, CommonProblems.TooManyAtOnce);
            return;
        }
        try
        {
            await _next(http);
        }
        finally
        {
            stripe.GiveBack(caller);
        }
    }

    /// <returns>False if no place came in time. A place that comes at that moment is taken.</returns>
    async Task<bool> Wait(TaskCompletionSource place)
    {
        await place.Task.WaitAsync(LongestWait, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !place.TrySetCanceled() && place.Task.IsCompletedSuccessfully;
    }

    long Second() => _clock.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>An IPv4 address or an IPv6 /64, as a number that is no account's id.</summary>
    static Guid NetworkOf(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        if (address?.MapToIPv6() is { } wide) wide.TryWriteBytes(bytes, out _);
        if (address is { IsIPv4MappedToIPv6: false, AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 })
            bytes[8..].Clear();
        return new(bytes, bigEndian: true);
    }

    struct Load
    {
        public int Running, Changes;
        public long Minute;
        public Queue<TaskCompletionSource>? Waiting;
    }

    /// <summary>The counts of some callers. One lock for all callers would be contended.</summary>
    sealed class Stripe
    {
        static readonly TaskCompletionSource Full = Cancelled();

        readonly Lock _lock = new();
        readonly Dictionary<Guid, Load> _loads = [];
        long _minute;

        /// <returns>The seconds to wait; 0 if the change is allowed.</returns>
        public int CountChange(Guid caller, int limit, long second)
        {
            var minute = second / SecondsOfAMinute;
            lock (_lock)
            {
                if (minute != _minute) ForgetIdle(minute);
                ref var load = ref CollectionsMarshal.GetValueRefOrAddDefault(_loads, caller, out _);
                if (load.Minute != minute) (load.Minute, load.Changes) = (minute, 0);
                if (load.Changes >= limit) return (int)(SecondsOfAMinute - second % SecondsOfAMinute);
                load.Changes++;
                return 0;
            }
        }

        /// <returns>Null if there was a place, else the wait for one. The wait is over at once if too many
        /// wait.</returns>
        public TaskCompletionSource? TakePlace(Guid caller, int places)
        {
            lock (_lock)
            {
                ref var load = ref CollectionsMarshal.GetValueRefOrAddDefault(_loads, caller, out _);
                if (load.Running < places)
                {
                    load.Running++;
                    return null;
                }
                load.Waiting ??= [];
                if (load.Waiting.Count >= places * WaitingForAPlace) return Full;
                var place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                load.Waiting.Enqueue(place);
                return place;
            }
        }

        /// <summary>Gives the place to the request that waits longest, if one waits.</summary>
        public void GiveBack(Guid caller)
        {
            lock (_lock)
            {
                ref var load = ref CollectionsMarshal.GetValueRefOrNullRef(_loads, caller);
                while (load.Waiting is { Count: > 0 } waiting)
                    if (waiting.Dequeue().TrySetResult()) return;
                load.Running--;
                if (load is { Running: 0, Changes: 0 }) _loads.Remove(caller);
            }
        }

        void ForgetIdle(long minute)
        {
            _minute = minute;
            foreach (var (caller, load) in _loads)
                if (load.Running == 0) _loads.Remove(caller);
        }

        static TaskCompletionSource Cancelled()
        {
            var cancelled = new TaskCompletionSource();
            cancelled.SetCanceled();
            return cancelled;
        }
    }
}

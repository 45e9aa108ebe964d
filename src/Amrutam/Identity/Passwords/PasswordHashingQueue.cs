namespace Amrutam.Identity.Passwords;

/// <summary>Runs password hashing on half of the cores, with a bounded queue and a bounded wait.</summary>
/// <remarks>
/// A hash takes a core for about a tenth of a second, on purpose. Without the queue a flood of sign-ins would take
/// every core from the bookings.
/// </remarks>
sealed class PasswordHashingQueue : IDisposable
{
    const int MaxWaiting = 256;
    static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(20);
    readonly SemaphoreSlim _free = new(Math.Max(1, Environment.ProcessorCount / 2));
    int _waiting;

    /// <exception cref="OverloadedException">The queue is full, or the wait was too long.</exception>
    public async Task<T> Run<T>(Func<Task<T>> hash)
    {
        if (Interlocked.Increment(ref _waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new OverloadedException("too many passwords wait to be hashed");
        }
        try
        {
            if (!await _free.WaitAsync(MaxWait)) throw new OverloadedException("waited too long to hash a password");
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        try
        {
            return await Task.Run(hash);
        }
        finally
        {
            _free.Release();
        }
    }

    public Task<T> Run<T>(Func<T> hash) => Run(() => Task.FromResult(hash()));

    public void Dispose() => _free.Dispose();
}

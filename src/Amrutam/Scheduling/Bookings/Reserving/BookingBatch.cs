using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Contracts;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Books slots for many accounts in one transaction and one round trip. A lone booking is a batch of
/// one.</summary>
/// <remarks> Three statements travel together. The first locks the slots' rows in id order. The second locks the
/// patients and the accounts in order, so that the requests of one do not pass each other. Only the third judges and
/// writes. Its snapshot is younger than both locks, so it sees every committed change of the slots, bookings and keys.
/// A batch tries one request for each slot, patient and account. A request that lost to a refused one is judged again
/// in the next batch. The constraints hold the same rules. </remarks>
sealed class BookingBatch : IAsyncDisposable
{
    // In a batch of more than 64 the members wait longer for the statement than for the round trip.
    const int Size = 64, Besides = 1, Capacity = 16_384, MaxRounds = 256;

    // Far above the time of a batch on a busy machine: a slower one waits for a lock.
    static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(100), Deadline = TimeSpan.FromSeconds(5);

    readonly NpgsqlDataSource _db;

    // Connections of its own, so that no booking waits for a connection behind a flood of reads.
    readonly NpgsqlDataSource _writers;
    readonly SchedulingLimits _limits;
    readonly SchedulingSettings _settings;
    readonly CacheInvalidation _changes;
    readonly RefusedRequests _refused;
    readonly Counter<long> _outcomes;
    readonly Batch<BookingRequest, Outcome> _batch;
    readonly BookLongVisit _longVisits;
    readonly SlotRequestCoalescer _coalescer = new();

    // The problems of a slot that do not depend on the patient.
    static readonly FrozenSet<string> OfTheSlot = FrozenSet.Create(StringComparer.Ordinal, CommonProblems.Absent.Code,
        SchedulingProblems.DoctorIsNotBookable.Code, SchedulingProblems.SlotIsClosed.Code,
        SchedulingProblems.SlotHasStarted.Code, SchedulingProblems.OneActiveBookingPerSlot.Code,
        SchedulingProblems.MinimumNotice.Code);

    /// <summary>The outcome of one request.</summary>
    /// <param name="Code">booked, replayed, again, or the code of the problem.</param>
    /// <param name="Doctor">The doctor of a slot that was booked now, or null.</param>
    sealed record Outcome(string Code, int Status, byte[]? Body, string? Location, Guid? Doctor = null);

    public BookingBatch(Database database, NpgsqlDataSource db, SchedulingLimits limits, SchedulingSettings settings,
        CacheInvalidation changes, RefusedRequests refused, BookLongVisit longVisits, IMeterFactory meters,
        TimeProvider clock,
        ILoggerFactory logs)
    {
        (_db, _limits, _settings, _changes) = (db, limits, settings, changes);
        (_refused, _longVisits) = (refused, longVisits);
        _writers = database.Open("amrutam batches", 1 + Besides, logs, planOnce: true);
        _outcomes = meters.Create("Amrutam.Scheduling")
            .CreateCounter<long>("amrutam.bookings", "{request}", "Booking requests by outcome");
        _batch = new("bookings", Run, Size, Besides, Slow, Capacity, Deadline, OutcomeIsUnknown, meters, clock);
    }

    /// <returns>201 with the booking, the stored response of the same key, or the refusal. A refusal of a keyed request
    /// is not stored yet, and the key may have another response: see <see cref="RefusedKeys"/>.</returns>
    /// <exception cref="OverloadedException">The queue is full, or the wait in it was too long; nothing was
    /// booked.</exception>
    /// <exception cref="CommitOutcomeUnknownException">The connection broke while the batch ran.</exception>
    public async Task<StoredResponse> Book(BookingRequest request)
    {
        for (var round = 1; round <= MaxRounds; round++)
        {
            // Once only: a request that learned nothing by waiting does not wait again.
            var outcome = round == 1 ? await TryTogether(request) : await Try(request);
            if (outcome.Code is Again or RequestHasExpired)
            {
                if (outcome.Code == RequestHasExpired) await ExpireRequestsInTheWay(request);
                continue;
            }
            if (outcome.Code == BookingStatement.TakesMoreSlots) return Counted(await _longVisits.Book(request));
            _outcomes.Add(1, new KeyValuePair<string, object?>("outcome", outcome.Code));
            if (outcome.Code is Booked or IdempotencyKey.Replayed)
                return new(outcome.Status, outcome.Body!, outcome.Location, outcome.Code == IdempotencyKey.Replayed,
                    ETag: outcome.Code == Booked ? IfMatch.Tag(0) : null);
            _refused.Add(outcome.Code);
            return StoredResponse.Of(SchedulingProblems.Named(outcome.Code).Because());
        }
        throw new OverloadedException("one patient's requests crowd each other out");
    }

    StoredResponse Counted(StoredResponse response)
    {
        var outcome = response.Code ?? (response.Replayed ? IdempotencyKey.Replayed : Booked);
        _outcomes.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        if (response.Code is { } code) _refused.Add(code);
        return response;
    }

    async Task<Outcome> TryTogether(BookingRequest request)
    {
        var group = _coalescer.Join(request.SlotId, out var asks);
        if (!asks) return await group.Refusal is { } code && Applies(code, request) ? new(code, 0, null, null)
            : await Try(request);
        string? refusal = null;
        try
        {
            var outcome = await Try(request with { Group = group });
            refusal = outcome.Code == Booked ? SchedulingProblems.OneActiveBookingPerSlot.Code
                : OfTheSlot.Contains(outcome.Code) ? outcome.Code : null;
            return outcome;
        }
        finally
        {
            group.Complete(refusal);
        }
    }

    /// <summary>A key may have a response already. The caller stores a 404 or 409 and then finds it; a 422 is not
    /// stored, so the request looks its key up itself. For a dependant the first question is whether the account has
    /// the patient.</summary>
    static bool Applies(string code, BookingRequest request) => request.PatientId == request.Account.Id
        && (request.Key.Value is null
            || SchedulingProblems.Named(code).Status != StatusCodes.Status422UnprocessableEntity);

    /// <summary>A constraint that refuses sees later commits than the statement that it stopped. Its name is the
    /// problem's code.</summary>
    async Task<Outcome> Try(BookingRequest request)
    {
        try
        {
            return await _batch.Run(request);
        }
        catch (PostgresException e) when (SchedulingProblems.Knows(e.ConstraintName))
        {
            // A request that expired a moment ago may still be in the constraint's way.
            return await ExpireRequestsInTheWay(request) > 0 ? new(Again, 0, null, null)
                : new(e.ConstraintName!, StatusCodes.Status409Conflict, null, null);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.UniqueViolation)
        {
            return new(Again, 0, null, null);
        }
    }

    Task<int> ExpireRequestsInTheWay(BookingRequest request) => _db.InTransaction(async connection =>
        (await ExpireRequests.InTheWay(connection, [request.SlotId], request.PatientId)).Count);

    static bool OutcomeIsUnknown(Exception e) =>
        e is CommitOutcomeUnknownException || e is NpgsqlException and not PostgresException;

    Task<Outcome[]> Run(IReadOnlyList<BookingRequest> asked) => Database.RunLive(_writers, () => RunOnce(asked));

    async Task<Outcome[]> RunOnce(IReadOnlyList<BookingRequest> asked)
    {
        await using var connection = _writers.CreateConnection();
        var commit = CommitWatch.On(connection);
        await connection.OpenAsync(CancellationToken.None);
        foreach (var request in asked) request.Group?.Close();
        await using var batch = BookingStatement.Compose(connection, asked, _limits, _settings);
        try
        {
            var outcomes = await Read(batch, asked.Count);
            commit.ThrowIfUnknown();
            foreach (var outcome in outcomes)
                if (outcome.Doctor is { } doctor) _changes.Invalidate(doctor);
            return outcomes;
        }
        catch (Exception e) when (e is CommitOutcomeUnknownException || (e is NpgsqlException broken
            and ((not PostgresException) or PostgresException { SqlState: ['5', '7', 'P', ..] })
            && !Database.EndedBefore(broken)))
        {
            _changes.InvalidateAll();
            throw new CommitOutcomeUnknownException();
        }
    }

    static async Task<Outcome[]> Read(NpgsqlBatch batch, int count)
    {
        var outcomes = new Outcome[count];
        await using var rows = await batch.ExecuteReaderAsync(CancellationToken.None);
        await rows.NextResultAsync();
        await rows.NextResultAsync();
        while (await rows.ReadAsync())
            outcomes[rows.GetInt32(0) - 1] =
                new(rows.GetString(1), rows.GetInt32OrNull(2) ?? 0, rows.GetBytesOrNull(3), rows.GetStringOrNull(4),
                    rows.GetGuidOrNull(5));
        // The confirmation of the commit follows the last result. Nothing is acknowledged before it is read.
        await rows.NextResultAsync();
        return outcomes;
    }

    public async ValueTask DisposeAsync()
    {
        await _batch.DisposeAsync();
        await _writers.DisposeAsync();
    }

    const string Booked = "booked", Again = "again", RequestHasExpired = "request_has_expired";
}

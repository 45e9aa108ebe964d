using System.Text;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Books a visit that takes more than its slot: all of its slots or none, in a transaction of its
/// own.</summary>
/// <remarks>The batch finds out that a visit is long, so that a visit of one slot pays nothing for this.</remarks>
sealed class BookLongVisit(NpgsqlDataSource db, CheckBookability bookability, CacheInvalidation changes)
{
    // After a deadlock the other transaction has committed, and the next attempt sees its result.
    const int Attempts = 3;

    sealed class NotBooked(StoredResponse response) : Exception
    {
        public StoredResponse Response => response;
    }

    /// <returns>201 with the booking, the stored response of the same key, or the refusal, which is not
    /// stored.</returns>
    public async Task<StoredResponse> Book(BookingRequest request)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var booked = await db.InTransaction(connection => Book(connection, request));
                changes.InvalidateAll();
                return booked;
            }
            catch (NotBooked refusal)
            {
                return refusal.Response;
            }
            catch (CommitOutcomeUnknownException)
            {
                changes.InvalidateAll();
                throw;
            }
            catch (PostgresException e) when (SchedulingProblems.Knows(e.ConstraintName))
            {
                return StoredResponse.Of(SchedulingProblems.Named(e.ConstraintName!).Because());
            }
            catch (PostgresException e) when (attempt < Attempts
                && e.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation)
            {
            }
        }
    }

    async Task<StoredResponse> Book(NpgsqlConnection connection, BookingRequest request)
    {
        if (request.Key.Value is not null && await IdempotentTransaction.Find(connection, request.Account,
            request.Key, request.Fingerprint!) is { } stored)
            return stored.Replayed ? stored : throw new NotBooked(stored);
        var (refusal, place) = await bookability.CheckVisit(connection, request.SlotId, request.PatientId,
            request.Account, new(request.VisitTypeId, request.ExpectedFee));
        if (refusal is not null) throw new NotBooked(refusal);
        var booking = (await InsertBookings.Insert(connection, [place], request.PatientId, request.Account,
            request.Reason))[0];
        var response = StoredResponse.Created(booking, Booking.Location(booking.Id)).Response;
        if (request.Chosen is { } chosen) response = response with { Body = WithChosen(response.Body, chosen) };
        if (request.Key.Value is not null)
            await IdempotentTransaction.Keep(connection, request.Account, request.Key, request.Fingerprint!, response);
        return response with { ETag = IfMatch.Tag(booking.Revision) };
    }

    /// <summary>Adds the member <c>chosen</c> at the end of the booking's object.</summary>
    static byte[] WithChosen(byte[] booking, string chosen) =>
        [.. booking.AsSpan(..^1), .. ",\"chosen\":"u8, .. Encoding.UTF8.GetBytes(chosen), (byte)'}'];
}

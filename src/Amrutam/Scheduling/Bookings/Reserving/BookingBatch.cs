using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Contracts;
using Amrutam.Scheduling.Slots;
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
        CacheInvalidation changes, RefusedRequests refused, IMeterFactory meters, TimeProvider clock,
        ILoggerFactory logs)
    {
        (_db, _limits, _settings, _changes, _refused) = (db, limits, settings, changes, refused);
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
            _outcomes.Add(1, new KeyValuePair<string, object?>("outcome", outcome.Code));
            if (outcome.Code is Booked or IdempotencyKey.Replayed)
                return new(outcome.Status, outcome.Body!, outcome.Location, outcome.Code == IdempotencyKey.Replayed,
                    ETag: outcome.Code == Booked ? IfMatch.Tag(0) : null);
            _refused.Add(outcome.Code);
            return StoredResponse.Of(SchedulingProblems.Named(outcome.Code).Because());
        }
        throw new OverloadedException("one patient's requests crowd each other out");
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

    Task<Outcome[]> Run(IReadOnlyList<BookingRequest> asked) => Database.RunLive(() => RunOnce(asked));

    async Task<Outcome[]> RunOnce(IReadOnlyList<BookingRequest> asked)
    {
        await using var connection = _writers.CreateConnection();
        var commit = CommitWatch.On(connection);
        await connection.OpenAsync(CancellationToken.None);
        foreach (var request in asked) request.Group?.Close();
        await using var batch = Compose(connection, asked, _limits, _settings);
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

    /// <summary>The three statements of a batch, for a transaction of their own.</summary>
    internal static NpgsqlBatch Compose(NpgsqlConnection connection, IReadOnlyList<BookingRequest> asked,
        SchedulingLimits limits, SchedulingSettings settings)
    {
        var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new(CalendarLocks.Slots) { Parameters = { Array(asked.Select(a => a.SlotId)) } });
        batch.BatchCommands.Add(new(CalendarLocks.Patients)
        {
            Parameters = { Array(PatientLock.InOrder(asked.SelectMany(a => new[] { a.PatientId, a.Account.Id }))) },
        });
        batch.BatchCommands.Add(new(Decide)
        {
            Parameters =
            {
                Array(asked.Select(a => a.Id)), Array(asked.Select(a => a.SlotId)),
                Array(asked.Select(a => a.PatientId)), Array(asked.Select(a => ReasonAsJson(a.Reason))),
                Array(asked.Select(a => a.Key.Value)), Array(asked.Select(a => a.Fingerprint)),
                Array(asked.Select(a => a.Trace)), Value(settings.VerifiedDoctorsOnly),
                Value(limits.OpenBookingsPerPatient), Value(limits.OpenBookingsPerPatientAndDoctor),
                Array(asked.Select(a => a.Chosen)), Value(limits.CancellationsPerPatient),
                Array(asked.Select(a => a.Key.Scope)), Value(BookingTemplate.Json),
                Array(asked.Select(a => a.Account.Id)),
            },
        });
        return batch;
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

    static string ReasonAsJson(string? reason) =>
        reason is null ? "null" : JsonSerializer.Serialize(reason, SchedulingJson.Wire.Options);

    static NpgsqlParameter<T[]> Array<T>(IEnumerable<T> values) => new() { TypedValue = [.. values] };

    static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    public async ValueTask DisposeAsync()
    {
        await _batch.DisposeAsync();
        await _writers.DisposeAsync();
    }

    const string Booked = "booked", Again = "again", RequestHasExpired = "request_has_expired";

    // A replayed key and a booked slot are found again by the address of the row. The slot's row does not move
    // meanwhile: this transaction locked it before the statement's snapshot. For the keys, a plan from a time without
    // any would read all of them for each batch.
    const string Decide = """
        with asked as (
            select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::text[],
                $11::text[], $13::text[], $15::uuid[])
              with ordinality as a (id, slot_id, patient_id, reason, key, fingerprint, trace_id, chosen, route,
                account_id, n)),
        judged as materialized (
            select a.*, s.address as slot, s.doctor_id, s.starts_at, s.ends_at, k.address, k.status as stored, k.body,
                   k.location,
                   case when p.requires_confirmation then 'requested' else 'confirmed' end as status,
                   case when p.requires_confirmation
                        then least(s.starts_at, statement_timestamp() + p.confirmation_time) end as expires_at,
                   case when k.verdict is not null then k.verdict
                        when s.refusal = 'one_active_booking_per_slot' and s.held_until <= statement_timestamp()
                        then 'request_has_expired'
                        else s.refusal end as refusal
              from asked a
              left join lateral platform.stored_response(a.account_id, a.route, a.key, a.fingerprint) k on true
             cross join lateral
                   scheduling.bookability(a.slot_id, a.patient_id, a.account_id, null, true, $8, $9, $10, $12) s
              left join scheduling.booking_policies p on p.doctor_id = s.doctor_id),
        tried as (
            select *, row_number() over (partition by slot_id order by n) as of_slot,
                   row_number() over (partition by patient_id order by n) as of_patient,
                   row_number() over (partition by account_id order by n) as of_account
              from judged where refusal is null),
        winners as materialized (
            select *, format(case when chosen is null then $14::text else left($14, -1) || ',"chosen":%12$s}' end,
                to_json(id), to_json(slot_id), to_json(doctor_id), to_json(patient_id), to_json(account_id),
                to_json(status), scheduling.json_of(starts_at), scheduling.json_of(ends_at),
                scheduling.json_of(expires_at), reason, scheduling.json_of(now()), chosen) as response
              from tried where of_slot = 1 and of_patient = 1 and of_account = 1),
        booked as (
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, reason, status,
                 expires_at, booked_by)
            select id, slot_id, doctor_id, patient_id, starts_at, ends_at, reason::json #>> '{}', status, expires_at,
                   nullif(account_id, patient_id)
              from winners),
        marked as (
            update scheduling.slots s set booking_id = w.id, held_until = w.expires_at,
                   held_by = case when w.expires_at is not null then w.id end
              from winners w where s.ctid = w.slot),
        keyed as (
            insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body, location,
                 booking_id)
            select account_id, route, key, fingerprint, 201, response, '/api/bookings/' || id, id
              from winners where key is not null),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select account_id, 'patient',
                   case status when 'requested' then 'bookings.requested' else 'bookings.booked' end, 'booking', id,
                   jsonb_strip_nulls(jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id,
                       'starts_at', starts_at, 'acted_for', nullif(patient_id, account_id))), trace_id
              from winners),
        replayed as (
            update platform.idempotency_keys k set replayed_at = now()
              from judged j
             where j.refusal = 'replayed' and k.ctid = j.address)
        select j.n::int,
               case when w.n is not null then 'booked'
                    when j.refusal is not null then j.refusal
                    when exists (select from winners o where o.slot_id = j.slot_id
                         and o.patient_id <> j.patient_id) then 'one_active_booking_per_slot'
                    else 'again' end,
               case when w.n is not null then 201 when j.refusal = 'replayed' then j.stored end,
               case when w.n is not null then w.response when j.refusal = 'replayed' then j.body end,
               case when w.n is not null then '/api/bookings/' || w.id when j.refusal = 'replayed' then j.location end,
               w.doctor_id
          from judged j left join winners w on w.n = j.n
        """;
}

using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Contracts;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>One patient's wish for one slot.</summary>
/// <param name="Chosen">JSON that the answer carries as <c>chosen</c>: why this slot, when the patient named
/// none.</param>
/// <param name="Contest">Those who wait for what this request learns of the slot.</param>
sealed record BookingRequest(Guid Id, Guid SlotId, CurrentUser Patient, string? Reason, string? Key,
    byte[]? Fingerprint, string Trace, string? Chosen = null, SlotRequestCoalescer.Contest? Contest = null);

/// <summary>Books slots for many patients in one transaction and one round trip; a lone booking is a batch of
/// one.</summary>
/// <remarks>
/// Three statements travel together. The first locks the slots' rows in id order, the second the patients in order (a
/// patient's own requests must not pass each other), and only the third, whose snapshot is younger than both locks,
/// judges and writes: so what it sees of a slot, of a patient's other bookings and of a key is what is. Per slot and
/// per patient one request is tried in a batch; one that lost to a request which then was itself refused is judged
/// again in the next batch. The constraints stay behind it all.
/// </remarks>
sealed class BookingBatch : IAsyncDisposable
{
    // Beyond 64 a batch's own time, not the round trip, is what its members wait for.
    const int Size = 64, Besides = 1, Capacity = 16_384, MaxRounds = 256;

    // Far above what a batch takes on a busy machine: one that takes longer waits for another's lock.
    static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(100), Deadline = TimeSpan.FromSeconds(5);
    static readonly Meter Meter = new("Amrutam.Scheduling");
    static readonly Counter<long> Outcomes =
        Meter.CreateCounter<long>("amrutam.bookings", "{request}", "Booking requests by outcome");

    readonly NpgsqlDataSource _db;

    // Connections of their own, so that no flood of reads keeps a booking waiting for one.
    readonly NpgsqlDataSource _writers;
    readonly SchedulingLimits _limits;
    readonly SchedulingSettings _settings;
    readonly CacheInvalidation _changes;
    readonly RefusedRequests _refused;
    readonly Batch<BookingRequest, Outcome> _batch;
    readonly SlotRequestCoalescer _contests = new();

    // What is judged of a slot before anything is asked of the patient.
    static readonly FrozenSet<string> OfTheSlot = FrozenSet.Create(StringComparer.Ordinal, CommonProblems.Absent.Code,
        SchedulingProblems.SlotIsClosed.Code, SchedulingProblems.SlotHasStarted.Code,
        SchedulingProblems.OneActiveBookingPerSlot.Code, SchedulingProblems.MinimumNotice.Code);

    /// <summary>How one request ended.</summary>
    /// <param name="Code">booked, replayed, again, or the code of the rule that refused it.</param>
    /// <param name="Doctor">Whose slot was booked now; null when nothing was.</param>
    sealed record Outcome(string Code, int Status, byte[]? Body, string? Location, Guid? Doctor = null);

    public BookingBatch(Database database, NpgsqlDataSource db, SchedulingLimits limits, SchedulingSettings settings,
        CacheInvalidation changes, RefusedRequests refused, TimeProvider clock, ILoggerFactory logs)
    {
        (_db, _limits, _settings, _changes, _refused) = (db, limits, settings, changes, refused);
        _writers = database.Open("amrutam batches", 1 + Besides, logs, planOnce: true);
        _batch = new("bookings", Run, Size, Besides, Slow, Capacity, Deadline, OutcomeIsUnknown, clock);
    }

    /// <returns>201 with the booking, the stored answer of the same key, or the refusal.</returns>
    /// <exception cref="OverloadedException">The queue is full, or the wait in it was too long; nothing was
    /// booked.</exception>
    /// <exception cref="CommitOutcomeUnknownException">The connection broke while the batch ran.</exception>
    public async Task<StoredResponse> Book(BookingRequest request)
    {
        for (var round = 1; round <= MaxRounds; round++)
        {
            // A key may have an answer of its own, whatever became of the slot.
            var outcome = round == 1 && request.Key is null ? await TryTogether(request) : await Try(request);
            if (outcome.Code is Again or RequestHasExpired)
            {
                if (outcome.Code == RequestHasExpired) await ExpireRequests.InTheWay(_db, request);
                continue;
            }
            Outcomes.Add(1, new KeyValuePair<string, object?>("outcome", outcome.Code));
            if (outcome.Code is Booked or Replayed)
                return new(outcome.Status, outcome.Body!, outcome.Location, outcome.Code == Replayed);
            _refused.Add(outcome.Code);
            return StoredResponse.Of(SchedulingProblems.Named(outcome.Code).Because());
        }
        throw new OverloadedException("one patient's requests crowd each other out");
    }

    async Task<Outcome> TryTogether(BookingRequest request)
    {
        var contest = _contests.Enter(request.SlotId, out var asks);
        // Once only: who learns nothing by waiting shall not wait again.
        if (!asks) return await contest.Verdict is { } code ? new(code, 0, null, null) : await Try(request);
        string? verdict = null;
        try
        {
            var outcome = await Try(request with { Contest = contest });
            verdict = outcome.Code == Booked ? SchedulingProblems.OneActiveBookingPerSlot.Code
                : OfTheSlot.Contains(outcome.Code) ? outcome.Code : null;
            return outcome;
        }
        finally
        {
            contest.End(verdict);
        }
    }

    /// <summary>A constraint that refuses has a younger view than the statement it stopped: its name is the
    /// rule's.</summary>
    async Task<Outcome> Try(BookingRequest request)
    {
        try
        {
            return await _batch.Run(request);
        }
        catch (PostgresException e) when (SchedulingProblems.Knows(e.ConstraintName))
        {
            // A request that expired a moment ago may still be in the constraint's way.
            return await ExpireRequests.InTheWay(_db, request) > 0 ? new(Again, 0, null, null)
                : new(e.ConstraintName!, StatusCodes.Status409Conflict, null, null);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.UniqueViolation)
        {
            return new(Again, 0, null, null);
        }
    }

    static bool OutcomeIsUnknown(Exception e) =>
        e is CommitOutcomeUnknownException || e is NpgsqlException and not PostgresException;

    async Task<Outcome[]> Run(IReadOnlyList<BookingRequest> asked)
    {
        await using var connection = _writers.CreateConnection();
        var commit = CommitWatch.On(connection);
        await connection.OpenAsync(CancellationToken.None);
        foreach (var request in asked) request.Contest?.Close();
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new(CheckBookability.LockSlots) { Parameters = { Array(
            asked.Select(a => a.SlotId)) } });
        batch.BatchCommands.Add(new(CheckBookability.LockPatients) { Parameters = {
            Array(asked.Select(a => PatientLock.Of(a.Patient.Id)).Order()) } });
        batch.BatchCommands.Add(new(Decide)
        {
            Parameters = {
            Array(asked.Select(a => a.Id)), Array(asked.Select(a => a.SlotId)),
                Array(asked.Select(a => a.Patient.Id)), Array(asked.Select(a => a.Reason)),
            Array(asked.Select(a => a.Key)), Array(asked.Select(a => a.Fingerprint)), Array(asked.Select(a => a.Trace)),
            Value(_settings.VerifiedDoctorsOnly), Value(_limits.OpenBookingsPerPatient),
                Value(_limits.OpenBookingsPerPatientAndDoctor),
            Array(asked.Select(a => a.Chosen)), Value(_limits.CancellationsPerPatient),
        }
        });
        try
        {
            var outcomes = await Read(batch, asked.Count);
            commit.ThrowIfUnknown();
            foreach (var outcome in outcomes)
                if (outcome.Doctor is { } doctor) _changes.Invalidate(doctor);
            return outcomes;
        }
        catch (Exception e) when (e is CommitOutcomeUnknownException or NpgsqlException and not PostgresException
            or PostgresException { SqlState: ['5', '7', 'P', ..] })
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
            outcomes[rows.GetInt32(0) - 1] = new(rows.GetString(1), rows.GetInt32OrNull(2) ?? 0,
                rows.GetBytesOrNull(3), rows.GetStringOrNull(4), rows.GetGuidOrNull(5));
        // The commit's own answer comes after the last result; nothing is acknowledged before it is read.
        await rows.NextResultAsync();
        return outcomes;
    }

    static NpgsqlParameter<T[]> Array<T>(IEnumerable<T> values) => new() { TypedValue = [.. values] };

    static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    public async ValueTask DisposeAsync()
    {
        await _batch.DisposeAsync();
        await _writers.DisposeAsync();
    }

    // A key is looked up for each request by itself (offset 0), and its row is found again by where it is: a plan that
    // was made while there were no keys would read all of them for each batch, and keep doing so until an analyze.
    const string Booked = "booked", Replayed = "replayed", Again = "again", RequestHasExpired = "request_has_expired";

    const string Decide = """
        with asked as (
            select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::text[],
                $11::text[])
              with ordinality as a (id, slot_id, patient_id, reason, key, fingerprint, trace_id, chosen, n)),
        judged as materialized (
            select a.*, s.doctor_id, s.starts_at, s.ends_at, k.row, k.status as stored, k.body, k.location,
                   case when p.requires_confirmation then 'requested' else 'confirmed' end as status,
                   case when p.requires_confirmation
                        then least(s.starts_at, statement_timestamp() + p.confirmation_time) end as expires_at,
                   case when k.key is not null
                             then case when k.fingerprint = a.fingerprint then 'replayed'
                                       else 'idempotency_key_reused' end
                        when d.id is null or ($8 and not d.verified) then 'not_found'
                        when s.closed_at is not null or s.bookable_until = '-infinity' then 'slot_is_closed'
                        when s.starts_at <= statement_timestamp() then 'slot_has_started'
                        when s.booking_id is not null and s.held_until <= statement_timestamp()
                             then 'request_has_expired'
                        when s.booking_id is not null then 'one_active_booking_per_slot'
                        when s.bookable_until <= statement_timestamp() then 'minimum_notice'
                        when s.held_until > statement_timestamp() and s.held_by <> a.patient_id then 'slot_is_held'
                        when own.overlap then 'bookings_of_a_patient_do_not_overlap'
                        when $9 > 0 and own.ahead >= $9 then 'too_many_open_bookings'
                        when $10 > 0 and own.with_doctor >= $10 then 'too_many_open_bookings_with_this_doctor'
                        when $12 > 0 and own.cancelled >= $12 then 'cool_down_after_cancellations'
                   end as refusal
              from asked a
              left join lateral (
                select k.*, k.ctid as row from scheduling.idempotency_keys k
                 where k.user_id = a.patient_id and k.route = 'POST /api/bookings' and k.key = a.key offset 0) k on true
              left join scheduling.slots s on s.id = a.slot_id
              left join doctors.practitioners d on d.id = s.doctor_id
              left join scheduling.booking_policies p on p.doctor_id = s.doctor_id
              left join lateral (
                select bool_or(b.starts_at < s.ends_at and b.ends_at > s.starts_at
                           and b.status not in ('cancelled', 'declined', 'expired')
                           and (b.status <> 'requested' or b.expires_at > statement_timestamp())) as overlap,
                       count(*) filter (where b.status in ('requested', 'confirmed') and b.series_id is null) as ahead,
                       count(*) filter (where b.status in ('requested', 'confirmed') and b.series_id is null
                           and b.doctor_id = s.doctor_id) as with_doctor,
                       count(*) filter (where b.status = 'cancelled' and b.cancelled_by = 'patient'
                           and b.updated_at > statement_timestamp() - interval '1 hour') as cancelled
                  from scheduling.bookings b
                 where b.patient_id = a.patient_id
                   and b.starts_at > statement_timestamp() - interval '12 hours') own on true),
        tried as (
            select *, row_number() over (partition by slot_id order by n) as of_slot,
                   row_number() over (partition by patient_id order by n) as of_patient
              from judged where refusal is null),
        winners as materialized (
            select *, concat(
                '{"id":"', id, '","slot_id":"', slot_id, '","doctor_id":"', doctor_id,
                '","patient_id":"', patient_id, '","series_id":null,"status":"', status, '","starts_at":',
                left(to_json(starts_at at time zone 'UTC')::text, -1), 'Z","ends_at":',
                left(to_json(ends_at at time zone 'UTC')::text, -1),
                'Z","expires_at":', coalesce(left(to_json(expires_at at time zone 'UTC')::text, -1) || 'Z"', 'null'),
                ',"reason":', coalesce(to_json(reason)::text, 'null'),
                ',"cancelled_by":null,"cancellation_reason":null,"cancelled_minutes_ahead":null,"no_show_party":null,',
                '"revision":0,"created_at":', left(to_json(now() at time zone 'UTC')::text, -1), 'Z"',
                ',"chosen":' || chosen, '}') as answer
              from tried where of_slot = 1 and of_patient = 1),
        booked as (
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, reason, status,
                 expires_at)
            select id, slot_id, doctor_id, patient_id, starts_at, ends_at, reason, status, expires_at from winners),
        marked as (
            update scheduling.slots s set booking_id = w.id, held_until = w.expires_at,
                   held_by = case when w.expires_at is not null then w.id end
              from winners w where s.id = w.slot_id),
        keyed as (
            insert into scheduling.idempotency_keys (user_id, route, key, fingerprint, status, body, location,
                 booking_id)
            select patient_id, 'POST /api/bookings', key, fingerprint, 201, answer, '/api/bookings/' || id, id
              from winners where key is not null),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select patient_id, 'patient',
                   case status when 'requested' then 'bookings.requested' else 'bookings.booked' end, 'booking', id,
                   jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id, 'starts_at', starts_at), trace_id
              from winners),
        replayed as (
            update scheduling.idempotency_keys k set replayed_at = now()
              from judged j
             where j.refusal = 'replayed' and k.ctid = j.row)
        select j.n::int,
               case when w.n is not null then 'booked'
                    when j.refusal is not null then j.refusal
                    when exists (select from winners o where o.slot_id = j.slot_id
                         and o.patient_id <> j.patient_id) then 'one_active_booking_per_slot'
                    else 'again' end,
               case when w.n is not null then 201 when j.refusal = 'replayed' then j.stored end,
               case when w.n is not null then w.answer when j.refusal = 'replayed' then j.body end,
               case when w.n is not null then '/api/bookings/' || w.id when j.refusal = 'replayed' then j.location end,
               w.doctor_id
          from judged j left join winners w on w.n = j.n
        """;
}

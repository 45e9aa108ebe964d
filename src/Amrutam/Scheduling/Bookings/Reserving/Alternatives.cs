using System.Collections.Concurrent;
using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Scheduling.Slots;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Adds to a refusal what would do instead: the three bookable slots nearest in time, of the same doctor
/// first, then of the same specialization.</summary>
/// <remarks>
/// Looked up outside the statement that books, so that no winner waits for it, and remembered for a second: a thousand
/// who lose one slot at once cost one query. What is named may be gone when it is asked for; then that answer says so.
/// </remarks>
sealed class Alternatives(NpgsqlDataSource db, SchedulingSettings settings, TimeProvider clock)
{
    // Few slots are fought over at once. Past this the memory starts anew, which costs a query each.
    const int MaxRemembered = 1024;
    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<Guid, Known> _known = new();

    /// <param name="Slots">As they are sent, so that they are put into words once and not for each who lost.</param>
    sealed record Known(long Since, Lazy<Task<JsonElement>> Slots);

    /// <param name="connection">When a transaction is running, its connection: it holds one of the pool
    /// already.</param>
    public async Task<StoredResponse> AddTo(StoredResponse answer, Guid slot, NpgsqlConnection? connection = null)
    {
        if (answer.Replayed || SchedulingProblems.OfSlot.FirstOrDefault(rule =>
            rule.Code == answer.Code) is not { } rule)
            return answer;
        try
        {
            var nearest = await To(slot, connection);
            return StoredResponse.Of(rule.Because(extensions:
                new Dictionary<string, object?>(StringComparer.Ordinal) { ["alternatives"] = nearest }));
        }
        catch (NpgsqlException) when (connection is null)
        {
            // The refusal is true without the help.
            return answer;
        }
    }

    Task<JsonElement> To(Guid slot, NpgsqlConnection? connection)
    {
        if (!_known.TryGetValue(slot, out var known))
        {
            // Only here, because to count takes every lock of the dictionary.
            if (_known.Count > MaxRemembered) _known.Clear();
            known = _known.GetOrAdd(slot, Look);
        }
        if (clock.GetElapsedTime(known.Since) <= Remembered) return known.Slots.Value;
        var anew = Look(slot);
        return (_known.TryUpdate(slot, anew, known) ? anew : _known.GetOrAdd(slot, anew)).Slots.Value;

        Known Look(Guid id) => new(clock.GetTimestamp(), new(async () => JsonSerializer.SerializeToElement(
            await (connection is null ? db.Statement(Nearest) : connection.Statement(Nearest))
                .With(id).With(settings.VerifiedDoctorsOnly).List(Slot.Read), Json.Options)));
    }

    // A month each way; beyond that it is no longer an alternative. Fifty doctors are enough to find three slots.
    const string Nearest = """
        with wanted as materialized (
            select s.id, s.doctor_id, s.starts_at, d.specialization
              from scheduling.slots s join doctors.practitioners d on d.id = s.doctor_id where s.id = $1),
        own as materialized (
            select near.* from wanted w cross join lateral (
               (select s.id, s.doctor_id, s.starts_at, s.ends_at from scheduling.bookable_slots s
                 where s.doctor_id = w.doctor_id and s.starts_at >= w.starts_at
                   and s.starts_at < w.starts_at + interval '30 days' order by s.starts_at limit 3)
               union all
               (select s.id, s.doctor_id, s.starts_at, s.ends_at from scheduling.bookable_slots s
                 where s.doctor_id = w.doctor_id and s.starts_at < w.starts_at
                   and s.starts_at > w.starts_at - interval '30 days' order by s.starts_at desc limit 3)) near
             where near.id <> w.id),
        others as (
            select near.* from wanted w
             cross join lateral (
                select d.id from doctors.practitioners d
                 where lower(d.specialization) = lower(w.specialization) and d.id <> w.doctor_id
                   and (d.verified or not $2) order by lower(d.specialization), d.id limit 50) d
             cross join lateral (
               (select s.id, s.doctor_id, s.starts_at, s.ends_at from scheduling.bookable_slots s
                 where s.doctor_id = d.id and s.starts_at >= w.starts_at
                   and s.starts_at < w.starts_at + interval '30 days' order by s.starts_at limit 3)
               union all
               (select s.id, s.doctor_id, s.starts_at, s.ends_at from scheduling.bookable_slots s
                 where s.doctor_id = d.id and s.starts_at < w.starts_at
                   and s.starts_at > w.starts_at - interval '30 days' order by s.starts_at desc limit 3)) near
             where (select count(*) from own) < 3)
        select s.id, s.doctor_id, s.starts_at, s.ends_at, p.time_zone, 'open'
          from (select own.*, 0 as rank from own union all select others.*, 1 from others) s
          join doctors.practitioners p on p.id = s.doctor_id
          cross join wanted w
         order by s.rank, abs(extract(epoch from s.starts_at - w.starts_at)), s.id
         limit 3
        """;
}

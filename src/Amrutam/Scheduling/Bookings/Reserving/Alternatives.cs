using System.Collections.Concurrent;
using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Scheduling.Slots;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Adds to a refusal of a slot the three bookable slots nearest in time: of the same doctor first, then of the
/// same specialization.</summary>
/// <remarks> The lookup runs outside the statement that books, so no winner waits for it. Its result is kept for a
/// second, so a thousand losers of one slot cost one query. A slot in it may be taken by the time a patient asks for
/// it. </remarks>
sealed class Alternatives(NpgsqlDataSource db, SchedulingSettings settings, TimeProvider clock)
{
    // Few slots are contested at once. Beyond this the cache is cleared, which costs a query for each slot.
    const int MaxSlots = 1024;
    static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<(Guid Slot, Guid? Type), Lookup> _lookups = new();

    /// <param name="Slots">As JSON, so that it is serialized once and not for each loser.</param>
    sealed record Lookup(long Began, Lazy<Task<JsonElement>> Slots);

    /// <param name="type">The kind of visit that must fit; null for the default kind of each doctor.</param>
    /// <param name="connection">The connection of the running transaction, if there is one: it must not take a second
    /// one from the pool.</param>
    public async Task<StoredResponse> AddTo(StoredResponse response, Guid slot, Guid? type = null,
        NpgsqlConnection? connection = null)
    {
        if (response.Replayed || SchedulingProblems.OfSlot.FirstOrDefault(problem =>
            problem.Code == response.Code) is not { } problem)
            return response;
        try
        {
            var nearest = await Find((slot, type), connection);
            return StoredResponse.Of(problem.Because(extensions:
                new Dictionary<string, object?>(StringComparer.Ordinal) { ["alternatives"] = nearest }));
        }
        catch (NpgsqlException) when (connection is null)
        {
            // The refusal is correct without alternatives.
            return response;
        }
    }

    Task<JsonElement> Find((Guid Slot, Guid? Type) wanted, NpgsqlConnection? connection)
    {
        if (!_lookups.TryGetValue(wanted, out var known))
        {
            // Only here, because Count takes every lock of the dictionary.
            if (_lookups.Count > MaxSlots) _lookups.Clear();
            known = _lookups.GetOrAdd(wanted, Begin);
        }
        if (clock.GetElapsedTime(known.Began) <= Lifetime) return known.Slots.Value;
        var newer = Begin(wanted);
        return (_lookups.TryUpdate(wanted, newer, known) ? newer : _lookups.GetOrAdd(wanted, newer)).Slots.Value;

        Lookup Begin((Guid Slot, Guid? Type) key) => new(clock.GetTimestamp(), new(async () =>
            JsonSerializer.SerializeToElement(
            await (connection is null ? db.Statement(Nearest) : connection.Statement(Nearest))
                .With(key.Slot).With(settings.VerifiedDoctorsOnly).With(key.Type).List(Slot.Read), Json.Options)));
    }

    // Within a month each way; a later slot is no alternative. Fifty doctors are enough to find three slots.
    const string Nearest = """
        with wanted as materialized (
            select s.id, s.doctor_id, s.starts_at, d.specialization
              from scheduling.slots s join doctors.practitioners d on d.id = s.doctor_id where s.id = $1),
        own as materialized (
            select near.* from wanted w cross join lateral (
               (select s.* from scheduling.bookable_slots($2) s
                 where s.doctor_id = w.doctor_id and s.starts_at >= w.starts_at
                   and s.starts_at < w.starts_at + interval '30 days'
                   and exists (select from scheduling.visit_that_fits(s.id, s.doctor_id, s.starts_at, s.ends_at,
                                      $3::uuid, null, null))
                 order by s.starts_at limit 3)
               union all
               (select s.* from scheduling.bookable_slots($2) s
                 where s.doctor_id = w.doctor_id and s.starts_at < w.starts_at
                   and s.starts_at > w.starts_at - interval '30 days'
                   and exists (select from scheduling.visit_that_fits(s.id, s.doctor_id, s.starts_at, s.ends_at,
                                      $3::uuid, null, null))
                 order by s.starts_at desc limit 3)) near
             where near.id <> w.id),
        others as (
            select near.* from wanted w
             cross join lateral (
                select d.id from doctors.bookable_doctors($2) d
                 where lower(d.specialization) = lower(w.specialization) and d.id <> w.doctor_id
                 order by lower(d.specialization), d.id limit 50) d
             cross join lateral (
               (select s.* from scheduling.bookable_slots($2) s
                 where s.doctor_id = d.id and s.starts_at >= w.starts_at
                   and s.starts_at < w.starts_at + interval '30 days'
                   and exists (select from scheduling.visit_that_fits(s.id, s.doctor_id, s.starts_at, s.ends_at,
                                      $3::uuid, null, null))
                 order by s.starts_at limit 3)
               union all
               (select s.* from scheduling.bookable_slots($2) s
                 where s.doctor_id = d.id and s.starts_at < w.starts_at
                   and s.starts_at > w.starts_at - interval '30 days'
                   and exists (select from scheduling.visit_that_fits(s.id, s.doctor_id, s.starts_at, s.ends_at,
                                      $3::uuid, null, null))
                 order by s.starts_at desc limit 3)) near
             where (select count(*) from own) < 3)
        select s.id, s.doctor_id, s.starts_at, s.ends_at, s.time_zone, 'open'
          from (select own.*, 0 as rank from own union all select others.*, 1 from others) s
         cross join wanted w
         order by s.rank, abs(extract(epoch from s.starts_at - w.starts_at)), s.id
         limit 3
        """;
}

using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Books with whichever doctor of a specialization is free and has the least to do, and says why that
/// one.</summary>
/// <remarks>It goes through the same batch as every booking: a candidate that was taken meanwhile is refused there, and
/// the next one is tried.</remarks>
sealed class AnyDoctor(NpgsqlDataSource db, BookingBatch batch, SchedulingSettings settings)
{
    // Eight lost races in a row: then the field is too crowded to choose fairly, and the patient should look again.
    const int MaxCandidates = 8;

    sealed record Candidate(Guid Slot, Guid Doctor, long Load, long Free);

    /// <summary>Why this doctor: what the answer carries as <c>chosen</c>.</summary>
    [SchemaName("SlotChoice")]
    public sealed record Choice(string Rule, long BookingsThatWeek, long DoctorsFree, string Because);

    public async Task<StoredResponse> Book(BookingRequest wish, string specialization, Instant? at,
        BookSlot.TimeRange? between)
    {
        var (from, to) = between is null ? (at!.Value, at.Value + Duration.FromTicks(10)) : (between.From, between.To);
        var candidates = await db.Statement(Candidates).With(specialization).With(from).With(to).With(wish.Patient.Id)
            .With(settings.VerifiedDoctorsOnly).With(between is not null).With(MaxCandidates)
            .List(row => new Candidate(row.GetGuid(0), row.GetGuid(1), row.GetInt64(2), row.GetInt64(3)));
        foreach (var candidate in candidates)
        {
            var answer = await batch.Book(wish with
            {
                Id = Guid.CreateVersion7(),
                SlotId = candidate.Slot,
                Chosen = Why(candidate, specialization),
            });
            if (SchedulingProblems.OfSlot.All(rule => rule.Code != answer.Code) || answer.Replayed) return answer;
        }
        // With no slot left to ask for, a key that has its answer still gets it.
        var known = wish.Key is null ? null : await batch.Book(wish with { SlotId = Guid.Empty });
        return known is { Replayed: true } or { Code: "idempotency_key_reused" } ? known
            : StoredResponse.Of(SchedulingProblems.NoDoctorIsFree.Because());
    }

    static string Why(Candidate chosen, string specialization) => JsonSerializer.Serialize(
        new Choice("least_loaded", chosen.Load, chosen.Free, chosen.Free == 1
            ? $"The only {specialization} doctor who is free then."
            : $"Of {chosen.Free} {specialization} doctors who are free then, "
                + $"this one has the fewest bookings that week ({chosen.Load})."), Json.Options);

    // The load is of the week around the slot. Among equals chance decides, or the first by id would get them all.
    const string Candidates = """
        with free as materialized (
            select s.id, s.doctor_id, s.starts_at
              from doctors.practitioners d
             cross join lateral (
                select s.id, s.doctor_id, s.starts_at from scheduling.bookable_slots s
                 where s.doctor_id = d.id and s.starts_at >= $2 and s.starts_at < $3
                   and not ($6 and exists (
                        select from scheduling.bookings o
                         where o.patient_id = $4 and o.status not in ('cancelled', 'declined', 'expired')
                           and o.starts_at < s.ends_at and o.ends_at > s.starts_at
                           and o.starts_at > s.starts_at - interval '12 hours'))
                 order by s.starts_at limit 1) s
             where lower(d.specialization) = lower($1) and (d.verified or not $5)),
        loaded as (
            select free.*, (
                select count(*) from scheduling.bookings b
                 where b.doctor_id = free.doctor_id and b.status not in ('cancelled', 'declined', 'expired')
                   and b.starts_at > free.starts_at - interval '84 hours'
                   and b.starts_at < free.starts_at + interval '84 hours') as load
              from free)
        select id, doctor_id, load, count(*) over () from loaded order by load, starts_at, random() limit $7
        """;
}

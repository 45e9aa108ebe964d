using System.Text.Json;
using Amrutam.Doctors.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Books with the doctor of a specialization who is free and has the fewest bookings that week, and explains
/// the choice.</summary>
/// <remarks>Every candidate goes through the batch of all bookings. When the batch refuses a candidate's slot, because
/// another patient was faster, the next candidate is tried.</remarks>
sealed class AnyDoctor(NpgsqlDataSource db, BookingBatch batch, SchedulingSettings settings,
    SpecializationLookup specializations)
{
    // After eight lost races the contest is too heavy for a fair choice, and the patient should look again.
    const int MaxCandidates = 8;

    sealed record Candidate(Guid Slot, Guid Doctor, long Load, long Free);

    /// <summary>The reason for this doctor: the response's member <c>chosen</c>.</summary>
    [SchemaName("SlotChoice")]
    public sealed record Choice(string Rule, long BookingsThatWeek, long DoctorsFree, string Because);

    /// <returns>The response, and the slot that it is about or an empty id.</returns>
    public async Task<(StoredResponse Response, Guid Slot)> Book(BookingRequest wanted, string specialization,
        Instant? at, BookSlot.TimeRange? between)
    {
        var (from, to) = between is null ? (at!.Value, at.Value + Duration.FromTicks(10)) : (between.From, between.To);
        var candidates = await db.Statement(Candidates).With(specialization).With(from).With(to)
            .With(wanted.PatientId).With(settings.VerifiedDoctorsOnly).With(between is not null).With(MaxCandidates)
            .With(wanted.VisitTypeId)
            .List(row => new Candidate(row.GetGuid(0), row.GetGuid(1), row.GetInt64(2), row.GetInt64(3)));
        foreach (var candidate in candidates)
        {
            var response = await batch.Book(wanted with
            {
                Id = Guid.CreateVersion7(),
                SlotId = candidate.Slot,
                Chosen = Explain(candidate, specialization),
            });
            if (SchedulingProblems.OfSlot.All(problem => problem.Code != response.Code) || response.Replayed)
                return (response, candidate.Slot);
        }
        // Without a candidate the batch still replays the response of the key.
        var known = wanted.Key.Value is null ? null : await batch.Book(wanted with { SlotId = Guid.Empty });
        return (known is { Replayed: true } || known?.Code == IdempotencyProblems.KeyReused.Code ? known
            : await NobodyIsFree(specialization, wanted, to), Guid.Empty);
    }

    /// <summary>The problem may be the specialization, which no doctor has. It may be the kind of visit, which none of
    /// its doctors has for the patient. Else all of them are busy.</summary>
    async Task<StoredResponse> NobodyIsFree(string specialization, BookingRequest wanted, Instant until)
    {
        if (await specializations.Exists(specialization))
            return StoredResponse.Of((await db.Statement(RefusalByAll).With(specialization).With(until)
                .With(wanted.PatientId).With(settings.VerifiedDoctorsOnly).With(wanted.VisitTypeId).Value<string>()
                is { } code ? SchedulingProblems.Named(code) : SchedulingProblems.NoDoctorIsFree).Because());
        var near = await specializations.Near(specialization);
        return StoredResponse.Of(SchedulingProblems.NoSuchSpecialization.Because(
            near.Count == 0 ? null : $"No doctor has that specialization. Near it: {string.Join(", ", near)}.",
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["specializations"] = near }));
    }

    static string Explain(Candidate chosen, string specialization) => JsonSerializer.Serialize(
        new Choice("least_loaded", chosen.Load, chosen.Free, chosen.Free == 1
            ? $"The only {specialization} doctor who is free then."
            : $"Of {chosen.Free} {specialization} doctors who are free then, "
                + $"this one has the fewest bookings that week ({chosen.Load})."), Json.Options);

    // The reason of the doctor who is nearest to seeing the patient. No row, as without a reason, is one who is busy.
    const string RefusalByAll = """
        select j.refusal
          from doctors.practitioners d
          join doctors.bookable_doctors($4) b on b.id = d.id
         cross join lateral scheduling.judged_visit(null, d.id, $2, $3, true, $5, null) j
         where lower(d.specialization) = lower($1)
         order by j.refusal is not null, j.refusal = 'visit_type_not_offered' limit 1
        """;

    // The load counts the week around the slot. Among equals chance decides; by id the first doctor would get them all.
    // For one instant the batch names an overlap; within a range another slot may suit.
    const string Candidates = """
        with free as materialized (
            select s.id, s.doctor_id, s.starts_at
              from doctors.practitioners d
             cross join lateral (
                select s.id, s.doctor_id, s.starts_at from scheduling.bookable_slots($5) s
                 where s.doctor_id = d.id and s.starts_at >= $2 and s.starts_at < $3 and s.doctor_id <> $4
                   and not ($6 and exists (
                        select from scheduling.bookings_of_patient_between($4, s.starts_at, s.ends_at)))
                   and exists (select from scheduling.visit_that_fits(s.id, s.doctor_id, s.starts_at, s.ends_at,
                                      $8::uuid, $4, true))
                 order by s.starts_at limit 1) s
             where lower(d.specialization) = lower($1)),
        loaded as (
            select free.*, (
                select count(*) from scheduling.bookings b
                 where b.doctor_id = free.doctor_id and scheduling.is_active(b.status)
                   and b.starts_at > free.starts_at - interval '84 hours'
                   and b.starts_at < free.starts_at + interval '84 hours') as load
              from free)
        select id, doctor_id, load, count(*) over () from loaded order by load, starts_at, random() limit $7
        """;
}

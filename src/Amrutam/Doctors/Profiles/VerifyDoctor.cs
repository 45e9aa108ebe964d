using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Doctors.Profiles;

/// <summary>Verifies a doctor's name, specialization, experience and registration, or withdraws the verification; both
/// end pending changes.</summary>
/// <remarks>A decision that changes nothing leaves the note and writes no event. A withdrawal shows the pending values:
/// an unverified profile has the doctor's newest.</remarks>
static class VerifyDoctor
{
    /// <param name="Verified">Whether the administrator vouches for the doctor.</param>
    /// <param name="Reason">A text for the doctor; never in the event log.</param>
    /// <param name="AcceptChanges">False drops pending changes and keeps the values that are shown.</param>
    public sealed record Request(bool Verified = true, string? Reason = null, bool AcceptChanges = true);

    const int MaxReason = 500;

    public static void Map(RouteGroupBuilder doctors) => doctors.MapPost("/{id:guid}/verification", Handle)
        .WithSummary("Verify a doctor, or withdraw the verification")
        .WithDescription("Records whether the registration was checked. The doctor sees the reason.")
        .WithProblems(CommonProblems.Absent, CommonProblems.Invalid, DoctorsProblems.OneDoctorPerRegistration);

    static async Task<Results<Ok<Doctor>, ProblemHttpResult>> Handle(
        Guid id, Request? request, CurrentUser admin, NpgsqlDataSource db)
    {
        var fields = new RequestValidation();
        var decision = request ?? new();
        var reason = fields.Text("reason", decision.Reason, MaxReason);
        if (fields.Wrong) return fields.Problem();
        return await Record(db, id, decision with { Reason = reason }, admin);
    }

    /// <summary>Records a decision whose reason is valid.</summary>
    public static async Task<Results<Ok<Doctor>, ProblemHttpResult>> Record(NpgsqlDataSource db, Guid id,
        Request decision, CurrentUser admin)
    {
        try
        {
            var doctor = await Record(db.Statement(Decide), id, decision, admin);
            return doctor is null ? CommonProblems.NotFound() : TypedResults.Ok(doctor);
        }
        catch (PostgresException e) when (ProfileValidation.ProblemOf(e) is { } problem)
        {
            return problem;
        }
    }

    /// <summary>Records a decision in a running transaction.</summary>
    public static Task<Doctor?> Record(NpgsqlConnection connection, Guid id, Request decision, CurrentUser admin) =>
        Record(connection.Statement(Decide), id, decision, admin);

    static Task<Doctor?> Record(Statement decide, Guid id, Request decision, CurrentUser admin) =>
        decide.With(id).With(decision.Verified).With(decision.Reason).With(admin.Id).With(admin.Trace)
            .With(decision.AcceptChanges).With(ProfileValidation.VerifiedFields).One(Doctor.ReadOwn);

    // The event names the fields that the decision is about: all verified fields, or those that were pending.
    const string Decide = $"""
        with present as materialized (
            select p as was, coalesce(case when $6::boolean then p.pending end, jsonb_build_object()) as accepted
              from doctors.profiles p where p.id = $1 for update),
        decided as (
            update doctors.profiles d
               set full_name = new.full_name, specialization = new.specialization, experience = new.experience,
                   registration_number = new.registration_number, registration_council = new.registration_council,
                   registration_disputed = d.registration_disputed
                       and not accepted ?| array['registration_number', 'registration_council'],
                   verified_at = case when not $2::boolean then null
                                      when accepted = jsonb_build_object() then coalesce(d.verified_at, now())
                                      else now() end,
                   verification_note = $3::text, pending = null, pending_since = null, updated_at = now()
              from present cross join lateral jsonb_populate_record(was, accepted) new
             where d.id = $1 and ((d.verified_at is not null) <> $2 or d.pending is not null)
            returning d.*),
        event as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $4, 'admin', case when not $2 then 'doctors.verification_withdrawn'
                                     when (was).pending is not null and not $6 then 'doctors.changes_refused'
                                     else 'doctors.verified' end,
                   'doctor', id, jsonb_build_object('fields', case when (was).pending is null then $7::text[]
                       else array(select jsonb_object_keys((was).pending) order by 1) end), $5
              from decided cross join present),
        d as (
            select * from decided
            union all
            select (was).* from present where not exists (select from decided))
        select {Doctor.OwnColumns} from d {Doctor.NextOpenSlot} {Doctor.Pending}
        """;
}

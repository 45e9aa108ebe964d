using Amrutam.Doctors.Directory;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Doctors.Profiles;

/// <summary>Lets an administrator vouch for a doctor, or withdraw that.</summary>
/// <remarks>Deciding what is decided already changes nothing, the note included, and makes no event.</remarks>
static class VerifyDoctor
{
    /// <param name="Verified">Whether the doctor's registration was checked and is good.</param>
    /// <param name="Reason">For the doctor to read; never in the event log.</param>
    public sealed record Request(bool Verified = true, string? Reason = null);

    const int MaxReason = 500;

    public static void Map(RouteGroupBuilder doctors) => doctors.MapPost("/{id:guid}/verification", Handle)
        .RequireAuthorization(Allow.Admin).WithSummary("Verify a doctor, or withdraw the verification")
        .WithDescription("Records whether the registration was checked. The doctor sees the reason.")
        .WithProblems(CommonProblems.Absent, CommonProblems.Invalid);

    static async Task<Results<Ok<Doctor>, ProblemHttpResult>> Handle(
        Guid id, Request? request, CurrentUser admin, NpgsqlDataSource db)
    {
        var fields = new RequestValidation();
        var decision = request ?? new();
        var reason = fields.Text("reason", decision.Reason, MaxReason);
        if (fields.Wrong) return fields.Problem();
        var doctor = await db.Statement(Decide).With(id).With(decision.Verified).With(reason).With(admin.Id)
            .With(admin.Trace).One(Doctor.ReadWithNote);
        return doctor is null ? CommonProblems.NotFound() : TypedResults.Ok(doctor);
    }

    const string Decide = $"""
        with present as materialized (
            select * from doctors.profiles where id = $1 for update),
        decided as (
            update doctors.profiles d
               set verified_at = case when $2::boolean then now() end, verification_note = $3::text, updated_at = now()
              from present where d.id = present.id and (present.verified_at is not null) <> $2
            returning d.*),
        event as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
            select $4, 'admin', case when $2 then 'doctors.verified' else 'doctors.verification_withdrawn' end,
                   'doctor', id, $5
              from decided),
        d as (
            select * from decided union all select * from present where not exists (select from decided))
        select {Doctor.Columns}, d.verification_note from d {Doctor.NextOpenSlot}
        """;
}

using Amrutam.Platform;
using Microsoft.Net.Http.Headers;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>What a doctor asks of those who book: how late they may cancel, and whether requests are confirmed by
/// hand.</summary>
/// <remarks>The notice before a booking is part of the availability, which the slots carry. A change holds for what is
/// asked from then on; a booking that stands is not touched.</remarks>
static class BookingPolicy
{
    /// <param name="CancellationWindowMinutes">How long before the start the patient can last cancel or move.</param>
    /// <param name="RequiresConfirmation">True: a booking is a request until the doctor accepts it.</param>
    /// <param name="ConfirmationMinutes">How long a request waits for its answer, at most until the slot
    /// begins.</param>
    public sealed record Policy(int CancellationWindowMinutes = 0, bool RequiresConfirmation = false,
        int ConfirmationMinutes = 1440);

    // A month; an appointment that binds for longer is a contract.
    const int MaxMinutes = 31 * 24 * 60;

    sealed record Stored(Policy Policy, int Revision);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var doctors = routes.MapGroup("/api/doctors").WithTags("Availability");
        doctors.MapGet("/policy", ReadOwn).RequireAuthorization(Allow.Doctor).WithSummary("Read own booking policy")
            .Produces<Policy>();
        doctors.MapPut("/policy", Change).RequireAuthorization(Allow.Doctor).WithSummary("Change own booking policy")
            .Produces<Policy>().Refuses(Rules.DoctorHasNoProfile, Rules.RevisionIsStale, Problems.Invalid);
        doctors.MapGet("/{id:guid}/policy", Read).AllowAnonymous().WithSummary("Read a doctor's booking policy")
            .Produces<Policy>().Refuses(Problems.Absent);
    }

    static async Task<IResult> ReadOwn(CurrentUser doctor, HttpResponse response, NpgsqlDataSource db,
        CancellationToken ct)
    {
        var stored = await db.Statement(Select).With(doctor.Id).With(false).One(Of, ct);
        response.Headers[HeaderNames.ETag] = IfMatch.Tag(stored?.Revision ?? 0);
        return TypedResults.Ok(stored?.Policy ?? new());
    }

    static async Task<IResult> Read(Guid id, NpgsqlDataSource db, SchedulingSettings settings, CancellationToken ct) =>
        await db.Statement(Select).With(id).With(settings.VerifiedDoctorsOnly).One(Of, ct) is { } stored
            ? TypedResults.Ok(stored.Policy) : Problems.NotFound();

    static async Task<IResult> Change(Policy policy, CurrentUser doctor, IfMatch match, HttpResponse response,
        NpgsqlDataSource db)
    {
        var fields = new Fields()
            .Refuse(policy.CancellationWindowMinutes is < 0 or > MaxMinutes, "cancellation_window_minutes",
                $"must be 0 to {MaxMinutes}")
            .Refuse(policy.ConfirmationMinutes is < 1 or > MaxMinutes, "confirmation_minutes",
                $"must be 1 to {MaxMinutes}");
        if (fields.Wrong) return fields.Problem();
        var before = await db.Statement(Select).With(doctor.Id).With(false).One(Of);
        if (before is null) return Rules.DoctorHasNoProfile.Because();
        if (!match.Allows(before.Revision)) return Rules.RevisionIsStale.Because();
        var revision = await db.Statement(Save).With(doctor.Id).With(policy.CancellationWindowMinutes)
            .With(policy.RequiresConfirmation).With(policy.ConfirmationMinutes)
            .With(before.Revision).With(doctor.Trace).Value<int>();
        if (revision == 0) return Rules.RevisionIsStale.Because();
        response.Headers[HeaderNames.ETag] = IfMatch.Tag(revision);
        return TypedResults.Ok(policy);
    }

    static Stored Of(NpgsqlDataReader row) =>
        new(new(row.GetInt32(0), row.GetBoolean(1), row.GetInt32(2)), row.GetInt32(3));

    const string Select = """
        select coalesce(extract(epoch from p.cancellation_window) / 60, 0)::int,
               coalesce(p.requires_confirmation, false),
               coalesce(extract(epoch from p.confirmation_time) / 60, 1440)::int, coalesce(p.revision, 0)
          from doctors.practitioners d left join scheduling.booking_policies p on p.doctor_id = d.id
         where d.id = $1 and (d.verified or not $2)
        """;

    // Whoever saved in between has another revision, and this saves nothing.
    const string Save = """
        with saved as (
            insert into scheduling.booking_policies as p
                   (doctor_id, cancellation_window, requires_confirmation, confirmation_time)
            values ($1, make_interval(mins => $2), $3, make_interval(mins => $4))
            on conflict (doctor_id) do update
               set cancellation_window = excluded.cancellation_window,
                   requires_confirmation = excluded.requires_confirmation,
                   confirmation_time = excluded.confirmation_time, revision = p.revision + 1, updated_at = now()
             where p.revision = $5
         returning doctor_id, revision),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select doctor_id, 'doctor', 'policies.changed', 'doctor', doctor_id,
                   jsonb_build_object('cancellation_window_minutes', $2, 'requires_confirmation', $3,
                       'confirmation_minutes', $4), $6 from saved)
        select revision from saved
        """;
}

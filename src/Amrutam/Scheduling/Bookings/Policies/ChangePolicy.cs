using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Bookings.Policies;

/// <summary>Changes the signed-in doctor's booking policy: all of it, or the fields that are given.</summary>
/// <remarks>It applies to later requests and leaves existing bookings unchanged.</remarks>
static class ChangePolicy
{
    /// <summary>The fields to change; null leaves a field as it is.</summary>
    [SchemaName("ChangeBookingPolicyRequest")]
    public sealed record Changes(int? CancellationWindowMinutes = null, bool? RequiresConfirmation = null,
        int? ConfirmationMinutes = null, int? WalkInsPerDay = null);

    // A month. No appointment should bind a patient for longer.
    public const int MaxMinutes = 31 * 24 * 60;

    // More than a doctor sees in a day.
    public const int MaxWalkIns = 200;

    public static void Map(RouteGroupBuilder own)
    {
        own.MapPut("", Replace).WithSummary("Replace your booking policy")
            .WithDescription("Replaces the whole policy. It counts for bookings that are made from now on.")
            .WithETag().WithProblems(SchedulingProblems.DoctorHasNoProfile, SchedulingProblems.RevisionIsStale,
                CommonProblems.Invalid)
            .Example(BookingPolicy.Example);
        own.MapPatch("", Change).WithSummary("Change your booking policy")
            .WithDescription("Changes the fields that are given. It counts for bookings that are made from now on.")
            .WithETag().WithProblems(SchedulingProblems.DoctorHasNoProfile, SchedulingProblems.RevisionIsStale,
                CommonProblems.Invalid)
            .Example(new Changes(CancellationWindowMinutes: 24 * 60)).Example(BookingPolicy.Example);
    }

    static Task<StoredResponse<Ok<BookingPolicy>>> Replace(BookingPolicy policy, CurrentUser doctor, IfMatch match,
        IdempotencyKey key, IdempotentTransaction transaction) =>
        Run(policy, _ => policy, doctor, match, key, transaction);

    static Task<StoredResponse<Ok<BookingPolicy>>> Change(Changes changes, CurrentUser doctor, IfMatch match,
        IdempotencyKey key, IdempotentTransaction transaction) =>
        Run(changes, before => new(
            changes.CancellationWindowMinutes ?? before.CancellationWindowMinutes,
            changes.RequiresConfirmation ?? before.RequiresConfirmation,
            changes.ConfirmationMinutes ?? before.ConfirmationMinutes,
            changes.WalkInsPerDay ?? before.WalkInsPerDay), doctor, match, key, transaction);

    static Task<StoredResponse<Ok<BookingPolicy>>> Run<T>(T request, Func<BookingPolicy, BookingPolicy> change,
        CurrentUser doctor, IfMatch match, IdempotencyKey key, IdempotentTransaction transaction) =>
        transaction.Run(doctor, key, request, async connection =>
        {
            if (await BookingPolicy.OfOwn(connection, doctor.Id) is not { } before)
                return SchedulingProblems.DoctorHasNoProfile.Because();
            if (!match.Allows(before.Revision)) return SchedulingProblems.RevisionIsStale.Because();
            var policy = change(before.Policy);
            var fields = Check(policy);
            if (fields.Wrong) return fields.Problem();
            var revision = await connection.Statement(Save).With(doctor.Id).With(policy.CancellationWindowMinutes)
                .With(policy.RequiresConfirmation).With(policy.ConfirmationMinutes).With(before.Revision)
                .With(doctor.Trace).With(policy.WalkInsPerDay).Value<int>();
            return revision == 0 ? SchedulingProblems.RevisionIsStale.Because()
                : StoredResponse.Ok(policy, IfMatch.Tag(revision));
        });

    static RequestValidation Check(BookingPolicy policy) => new RequestValidation()
        .Refuse(policy.CancellationWindowMinutes is < 0 or > MaxMinutes, "cancellation_window_minutes",
            $"must be 0 to {MaxMinutes}")
        .Refuse(policy.ConfirmationMinutes is < 1 or > MaxMinutes, "confirmation_minutes",
            $"must be 1 to {MaxMinutes}")
        .Refuse(policy.WalkInsPerDay is < 0 or > MaxWalkIns, "walk_ins_per_day", $"must be 0 to {MaxWalkIns}");

    // When another change was saved in between, the revision differs and this saves nothing.
    const string Save = """
        with saved as (
            insert into scheduling.booking_policies as p
                   (doctor_id, cancellation_window, requires_confirmation, confirmation_time, walk_ins_per_day)
            values ($1, make_interval(mins => $2), $3, make_interval(mins => $4), $7)
            on conflict (doctor_id) do update
               set cancellation_window = excluded.cancellation_window,
                   requires_confirmation = excluded.requires_confirmation,
                   confirmation_time = excluded.confirmation_time,
                   walk_ins_per_day = excluded.walk_ins_per_day, revision = p.revision + 1, updated_at = now()
             where p.revision = $5
         returning doctor_id, revision),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select doctor_id, 'doctor', 'policies.changed', 'doctor', doctor_id,
                   jsonb_build_object('cancellation_window_minutes', $2, 'requires_confirmation', $3,
                       'confirmation_minutes', $4, 'walk_ins_per_day', $7), $6 from saved)
        select revision from saved
        """;
}

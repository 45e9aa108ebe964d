using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Npgsql;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>Saves a kind of visit as a new version, in a running transaction.</summary>
/// <remarks>The caller checked the fields and, for a change, locked the kind.</remarks>
static class SaveVisitType
{
    public static async Task<VisitType> Save(NpgsqlConnection connection, VisitType type, CurrentUser admin) =>
        (await connection.Statement(Upsert).With(type.Id).With(type.Name).With(type.Description).With(type.Minutes)
            .With(type.Mode).With(type.Address).With(type.First).With(type.FollowUpWithinDays).With(type.BookableBy)
            .With(type.FeeMinor).With(type.Currency).With(type.BufferBeforeMinutes).With(type.BufferAfterMinutes)
            .With(type.MinimumNoticeMinutes).With(type.CancellationWindowMinutes).With(type.RequiresConfirmation)
            .With(type.Active).With(admin.Id).With(admin.Trace).One(VisitType.Read))!;

    const string Upsert = $"""
        with v as (
            insert into scheduling.visit_types as v (id, name, description, minutes, mode, address, first,
                   follow_up_within_days, bookable_by, fee_minor, currency, buffer_before_minutes,
                   buffer_after_minutes, minimum_notice_minutes, cancellation_window_minutes, requires_confirmation,
                   active)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
            on conflict (id) do update
               set name = excluded.name, description = excluded.description, minutes = excluded.minutes,
                   mode = excluded.mode, address = excluded.address, first = excluded.first,
                   follow_up_within_days = excluded.follow_up_within_days, bookable_by = excluded.bookable_by,
                   fee_minor = excluded.fee_minor, currency = excluded.currency,
                   buffer_before_minutes = excluded.buffer_before_minutes,
                   buffer_after_minutes = excluded.buffer_after_minutes,
                   minimum_notice_minutes = excluded.minimum_notice_minutes,
                   cancellation_window_minutes = excluded.cancellation_window_minutes,
                   requires_confirmation = excluded.requires_confirmation, active = excluded.active,
                   revision = v.revision + 1, updated_at = now()
         returning *),
        kept as (
            insert into scheduling.visit_type_versions (visit_type_id, revision, content)
            select id, revision, to_jsonb(v) - array['created_at', 'updated_at'] from v),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $18, 'admin', case revision when 1 then 'visit_types.created' else 'visit_types.changed' end,
                   'visit_type', id, jsonb_build_object('revision', revision, 'active', active), $19 from v)
        select {VisitType.Columns} from v
        """;
}

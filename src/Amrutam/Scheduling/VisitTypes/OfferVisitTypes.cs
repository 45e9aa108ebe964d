using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Slots;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>Replaces the kinds of visit that the signed-in doctor offers. The order is the doctor's, and the first kind
/// that patients can book is the default.</summary>
/// <remarks>Bookings that were made keep their kind.</remarks>
static class OfferVisitTypes
{
    public sealed record Request(IReadOnlyList<Item> Items);

    /// <param name="Minutes">The doctor's own length; null for the clinic's.</param>
    /// <param name="FeeMinor">The doctor's own price in the kind's currency; null for the clinic's.</param>
    [SchemaName("VisitTypeOffer")]
    public sealed record Item(Guid VisitTypeId, int? Minutes = null, int? FeeMinor = null);

    /// <param name="Buffers">Both buffers together, in minutes.</param>
    sealed record Known(bool Active, int Buffers);

    public static void Map(RouteGroupBuilder own) => own.MapPut("", Handle)
        .WithSummary("Replace the kinds of visit that you offer")
        .WithDescription("A booking that names no kind is of the first one that patients can book.")
        .Example(VisitTypeExamples.Offer).Example(Examples.PageOf(VisitTypeExamples.Offered))
        .WithProblems(SchedulingProblems.DoctorHasNoProfile, SchedulingProblems.VisitTypeNotOffered,
            CommonProblems.Invalid);

    static Task<StoredResponse<Ok<Page<OfferedVisitType>>>> Handle(Request request, CurrentUser doctor,
        IdempotencyKey key, IdempotentTransaction transaction) =>
        transaction.Run(doctor, key, request, async connection =>
        {
            await CalendarLocks.LockCalendars(connection, doctor.Id);
            if (await connection.Statement(PublishSlot.ZoneOfDoctor).With(doctor.Id).Value<string>() is null)
                return SchedulingProblems.DoctorHasNoProfile.Because();
            var known = await Find(connection, request.Items);
            var fields = Check(request.Items, known);
            if (fields.Wrong) return fields.Problem();
            if (request.Items.FirstOrDefault(item => known.GetValueOrDefault(item.VisitTypeId) is not { Active: true })
                is { } missing)
                return SchedulingProblems.VisitTypeNotOffered.Because(
                    $"{missing.VisitTypeId} is not in the clinic's catalogue, or was withdrawn.");
            await connection.Statement(Replace).With(doctor.Id)
                .With(request.Items.Select(item => item.VisitTypeId).ToArray())
                .With(request.Items.Select(item => item.Minutes).ToArray())
                .With(request.Items.Select(item => item.FeeMinor).ToArray()).With(doctor.Trace).Execute();
            return StoredResponse.Ok(await ListOfferedTypes.Of(connection, doctor.Id));
        });

    static async Task<Dictionary<Guid, Known>> Find(NpgsqlConnection connection, IReadOnlyList<Item> items) =>
        (await connection.Statement(SelectKnown)
            .With(items.Take(OfferedVisitType.Most).OfType<Item>().Select(item => item.VisitTypeId).ToArray())
            .List(row => (Id: row.GetGuid(0), Type: new Known(row.GetBoolean(1), row.GetInt32(2)))))
        .ToDictionary(found => found.Id, found => found.Type);

    static RequestValidation Check(IReadOnlyList<Item> items, Dictionary<Guid, Known> known)
    {
        var fields = new RequestValidation().Refuse(items.Count > OfferedVisitType.Most, "items",
            $"must be at most {OfferedVisitType.Most}");
        var seen = new HashSet<Guid>();
        for (var i = 0; i < items.Count && i < OfferedVisitType.Most; i++)
        {
            var at = $"items[{i}]";
            fields.Refuse(items[i] is null, at, "must not be null");
            if (items[i] is not { } item) continue;
            var type = known.GetValueOrDefault(item.VisitTypeId);
            fields.Refuse(!seen.Add(item.VisitTypeId), at + ".visit_type_id", "comes twice")
                .Refuse(item.Minutes < VisitTypeValidation.MinMinutes
                    || item.Minutes + (type?.Buffers ?? 0) > VisitTypeValidation.MaxMinutes, at + ".minutes",
                    $"must be at least {VisitTypeValidation.MinMinutes}, and with both buffers at most "
                    + $"{VisitTypeValidation.MaxMinutes}");
            VisitTypeValidation.Fee(fields, at + ".fee_minor", item.FeeMinor);
        }
        return fields;
    }

    const string SelectKnown = """
        select id, active, buffer_before_minutes + buffer_after_minutes
          from scheduling.visit_types where id = any($1)
        """;

    const string Replace = """
        with asked as (
            select * from unnest($2::uuid[], $3::int[], $4::int[])
              with ordinality as a (visit_type_id, minutes, fee_minor, position)),
        withdrawn as (
            delete from scheduling.doctor_visit_types where doctor_id = $1 and visit_type_id <> all($2)),
        saved as (
            insert into scheduling.doctor_visit_types as o (doctor_id, visit_type_id, position, minutes, fee_minor)
            select $1, visit_type_id, position, minutes, fee_minor from asked
            on conflict (doctor_id, visit_type_id) do update
               set position = excluded.position, minutes = excluded.minutes, fee_minor = excluded.fee_minor)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        values ($1, 'doctor', 'visit_types.offered', 'doctor', $1, jsonb_build_object('visit_type_ids', $2), $5)
        """;
}

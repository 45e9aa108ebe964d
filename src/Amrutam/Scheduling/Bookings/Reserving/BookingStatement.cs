using System.Text.Json;
using Amrutam.Scheduling.Slots;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>The statements that judge and write a batch of bookings. A visit that takes more than its slot is not
/// written: <see cref="BookLongVisit"/> books it.</summary>
static class BookingStatement
{
    /// <summary>The verdict on a visit that takes more than its slot.</summary>
    public const string TakesMoreSlots = "takes_more_slots";

    /// <summary>The three statements of a batch, for a transaction of their own.</summary>
    public static NpgsqlBatch Compose(NpgsqlConnection connection, IReadOnlyList<BookingRequest> asked,
        SchedulingLimits limits, SchedulingSettings settings)
    {
        var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new(CalendarLocks.Slots) { Parameters = { Array(asked.Select(a => a.SlotId)) } });
        batch.BatchCommands.Add(new(CalendarLocks.Patients)
        {
            Parameters = { Array(PatientLock.InOrder(asked.SelectMany(a => new[] { a.PatientId, a.Account.Id }))) },
        });
        batch.BatchCommands.Add(new(Decide)
        {
            Parameters =
            {
                Array(asked.Select(a => a.Id)), Array(asked.Select(a => a.SlotId)),
                Array(asked.Select(a => a.PatientId)), Array(asked.Select(a => ReasonAsJson(a.Reason))),
                Array(asked.Select(a => a.Key.Value)), Array(asked.Select(a => a.Fingerprint)),
                Array(asked.Select(a => a.Trace)), Value(settings.VerifiedDoctorsOnly),
                Value(limits.OpenBookingsPerPatient), Value(limits.OpenBookingsPerPatientAndDoctor),
                Array(asked.Select(a => a.Chosen)), Value(limits.CancellationsPerPatient),
                Array(asked.Select(a => a.Key.Scope)), Value(BookingTemplate.Json),
                Array(asked.Select(a => a.Account.Id)), Array(asked.Select(a => a.VisitTypeId)),
                Array(asked.Select(a => a.ExpectedFee)),
            },
        });
        return batch;
    }

    static string ReasonAsJson(string? reason) =>
        reason is null ? "null" : JsonSerializer.Serialize(reason, SchedulingJson.Wire.Options);

    static NpgsqlParameter<T[]> Array<T>(IEnumerable<T> values) => new() { TypedValue = [.. values] };

    static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    // A replayed key and a booked slot are found again by the address of the row. The slot's row does not move
    // meanwhile: this transaction locked it before the statement's snapshot. For the keys, a plan from a time without
    // any would read all of them for each batch.
    const string Decide = """
        with asked as (
            select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::text[],
                $11::text[], $13::text[], $15::uuid[], $16::uuid[], $17::int[])
              with ordinality as a (id, slot_id, patient_id, reason, key, fingerprint, trace_id, chosen, route,
                account_id, kind, expected_fee, n)),
        judged as materialized (
            select a.*, s.address as slot, s.doctor_id, s.starts_at, s.ends_at, k.address, k.status as stored, k.body,
                   k.location,
                   v.visit_type_id, v.visit, v.cancellation_window,
                   case when c.asked then 'requested' else 'confirmed' end as status,
                   case when c.asked then least(s.starts_at, statement_timestamp() + c.time) end as expires_at,
                   case when k.verdict is not null then k.verdict
                        when s.refusal = 'one_active_booking_per_slot' and s.held_until <= statement_timestamp()
                        then 'request_has_expired'
                        else coalesce(s.refusal, v.refusal, case when scheduling.takes_more_slots(s.starts_at,
                            s.ends_at, v.minutes, v.buffer_before, v.buffer_after) then 'takes_more_slots' end)
                   end as refusal
              from asked a
              left join lateral platform.stored_response(a.account_id, a.route, a.key, a.fingerprint) k on true
             cross join lateral
                   scheduling.bookability(a.slot_id, a.patient_id, a.account_id, null, true, $8, $9, $10, $12) s
             cross join lateral scheduling.judged_visit_at(s.visit_type_ids, s.doctor_id, s.starts_at, a.patient_id,
                   true, a.kind, a.expected_fee) v
              left join lateral (
                select p.* from scheduling.booking_policies p where p.doctor_id = s.doctor_id offset 0) p on true
             cross join lateral (
                select coalesce(v.requires_confirmation, p.requires_confirmation, false) as asked,
                       coalesce(p.confirmation_time, interval '1 day') as time) c),
        tried as (
            select *, row_number() over (partition by slot_id order by n) as of_slot,
                   row_number() over (partition by patient_id order by n) as of_patient,
                   row_number() over (partition by account_id order by n) as of_account
              from judged where refusal is null),
        winners as materialized (
            select *, format(case when chosen is null then $14::text else left($14, -1) || ',"chosen":%13$s}' end,
                to_json(id), to_json(slot_id), to_json(doctor_id), to_json(patient_id), to_json(account_id),
                to_json(status), scheduling.json_of(starts_at), scheduling.json_of(ends_at),
                scheduling.json_of(expires_at), reason, scheduling.json_of(now()),
                coalesce(visit::text, 'null'), chosen) as response
              from tried where of_slot = 1 and of_patient = 1 and of_account = 1),
        booked as (
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, reason, status,
                 expires_at, booked_by, visit_type_id, visit, cancellation_window)
            select id, slot_id, doctor_id, patient_id, starts_at, ends_at, reason::json #>> '{}', status, expires_at,
                   nullif(account_id, patient_id), visit_type_id, visit, cancellation_window
              from winners),
        marked as (
            update scheduling.slots s set booking_id = w.id, held_until = w.expires_at,
                   held_by = case when w.expires_at is not null then w.id end
              from winners w where s.ctid = w.slot),
        keyed as (
            insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body, location,
                 booking_id)
            select account_id, route, key, fingerprint, 201, response, '/api/bookings/' || id, id
              from winners where key is not null),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select account_id, 'patient',
                   case status when 'requested' then 'bookings.requested' else 'bookings.booked' end, 'booking', id,
                   jsonb_strip_nulls(jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id,
                       'starts_at', starts_at, 'visit_type_id', visit_type_id,
                       'acted_for', nullif(patient_id, account_id))), trace_id
              from winners),
        replayed as (
            update platform.idempotency_keys k set replayed_at = now()
              from judged j
             where j.refusal = 'replayed' and k.ctid = j.address)
        select j.n::int,
               case when w.n is not null then 'booked'
                    when j.refusal is not null then j.refusal
                    when exists (select from winners o where o.slot_id = j.slot_id
                         and o.patient_id <> j.patient_id) then 'one_active_booking_per_slot'
                    else 'again' end,
               case when w.n is not null then 201 when j.refusal = 'replayed' then j.stored end,
               case when w.n is not null then w.response when j.refusal = 'replayed' then j.body end,
               case when w.n is not null then '/api/bookings/' || w.id when j.refusal = 'replayed' then j.location end,
               w.doctor_id
          from judged j left join winners w on w.n = j.n
        """;
}

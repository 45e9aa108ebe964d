using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Bench;

/// <summary>Fills the database in sets and analyses it afterwards, because a plan from an empty table keeps its
/// scan.</summary>
static class Seed
{
    /// <param name="slots">The number of slots. Those of a doctor follow each other by half hours from the day after
    /// tomorrow. So a run past midnight requests no slot that has begun.</param>
    public static async Task Fill(NpgsqlDataSource db, int doctors, int patients, int slots)
    {
        await People(db, doctors, patients);
        await db.Statement(Slots).With(doctors).With(slots).Execute();
        await db.Statement("analyze").Execute();
    }

    /// <summary>Fills a clinic with a past: half of the slots are past, and each of those was booked. The log, the
    /// steps and the statistics have what the bookings left.</summary>
    /// <param name="slots">Of both halves together.</param>
    public static async Task FillWithPast(NpgsqlDataSource db, int doctors, int patients, int slots)
    {
        await People(db, doctors, patients);
        await db.Statement(Slots).With(doctors).With(slots / 2).Execute();
        await using var connection = await db.OpenConnectionAsync();
        // The checks of a single booking take hours over millions of rows. The rows are made so that they satisfy them.
        await connection.Statement("set session_replication_role = replica").Execute();
        await connection.Statement(Past).With(doctors).With(patients).With(slots / 2).Execute();
        await connection.Statement("set session_replication_role = origin").Execute();
        await db.Statement(ReadAlready).Execute();
        await db.Statement("vacuum (analyze)").Execute();
    }

    /// <summary>Writes the events of an import: one for each account, and one of each doctor for all slots.</summary>
    /// <remarks>Only a run that checks every invariant needs them.</remarks>
    public static Task Announce(NpgsqlDataSource db) => db.Statement(Events).Execute();

    static async Task People(NpgsqlDataSource db, int doctors, int patients)
    {
        await db.Statement(Patients).With(patients).Execute();
        await db.Statement(Doctors).With(doctors).Execute();
    }

    const string Patients = """
        with people as (select n, lpad(to_hex(n), 12, '0') as hex from generate_series(0, $1 - 1) as n),
        users as (
            insert into identity.users (id, email, normalized_email, full_name, role, security_stamp, concurrency_stamp)
            select ('20000000-0000-7000-8000-' || hex)::uuid, 'p' || n || '@example.org', 'P' || n || '@EXAMPLE.ORG',
                 'Patient ' || n, 'patient', 'x', 'x'
              from people)
        insert into identity.sessions (id, user_id, expires_at)
        select ('30000000-0000-7000-8000-' || hex)::uuid, ('20000000-0000-7000-8000-' || hex)::uuid,
             now() + interval '1 day' from people
        """;

    const string Doctors = """
        with people as (select n, ('40000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id
             from generate_series(0, $1 - 1) as n),
        users as (
            insert into identity.users (id, email, normalized_email, full_name, role, security_stamp, concurrency_stamp)
            select id, 'd' || n || '@example.org', 'D' || n || '@EXAMPLE.ORG', 'Doctor ' || n, 'doctor', 'x', 'x'
                 from people)
        insert into doctors.profiles (id, full_name, specialization, experience, bio, languages, fee_minor, verified_at)
        select id, 'Doctor ' || n, (array['Panchakarma', 'Kayachikitsa', 'Shalya', 'Rasayana',
             'Kaumarabhritya'])[n % 5 + 1],
               n % 40, 'Sees patients every day of the week.', array['en', 'hi'], 30000 + n % 100 * 1000, now()
          from people
        """;

    // Slot n belongs to doctor n % doctors, so that consecutive slots are of different doctors.
    const string Slots = """
        insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
        select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
               ('40000000-0000-7000-8000-' || lpad(to_hex(n % $1), 12, '0'))::uuid,
               date_trunc('day', now()) + interval '2 days' + n / $1 * interval '30 minutes',
               date_trunc('day', now()) + interval '2 days' + n / $1 * interval '30 minutes' + interval '30 minutes'
          from generate_series(0, $2 - 1) as n
        """;

    // At one time each slot belongs to a different doctor, and so to a different patient: there are more patients than
    // doctors.
    const string Past = """
        with past as materialized (
            select ('01000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as slot_id,
                   ('11000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as booking_id,
                   ('40000000-0000-7000-8000-' || lpad(to_hex(n % $1), 12, '0'))::uuid as doctor_id,
                   ('20000000-0000-7000-8000-' || lpad(to_hex(n % $2), 12, '0'))::uuid as patient_id,
                   date_trunc('day', now()) - interval '1 day' - n / $1 * interval '30 minutes' as starts_at
              from generate_series(0, $3 - 1) as n),
        slots as (
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at, booking_id)
            select slot_id, doctor_id, starts_at, starts_at + interval '30 minutes', booking_id from past),
        bookings as (
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, status)
            select booking_id, slot_id, doctor_id, patient_id, starts_at, starts_at + interval '30 minutes', 'completed'
              from past),
        steps as (
            insert into scheduling.booking_steps (booking_id, revision, action, from_status, to_status)
            select booking_id, 1, 'completed', 'confirmed', 'completed' from past)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select patient_id, 'patient', 'bookings.booked', 'booking', booking_id,
               jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id, 'starts_at', starts_at),
               '4bf92f3577b34da6a3ce929d0e0e4736'
          from past
        """;

    const string Events = """
        with accounts as (
            insert into audit.events (actor_role, action, entity, entity_id)
            select 'system', 'accounts.imported', 'account', id from identity.users)
        insert into audit.events (actor_role, action, entity, entity_id)
        select 'system', 'slots.published', 'doctor', id from doctors.profiles
        """;

    // The measurement does not concern the statistics of the past.
    const string ReadAlready = """
        insert into platform.event_readers (name, position) select 'analytics', max(position) from audit.events
        """;
}

using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Bench;

/// <summary>Fills the database, set by set; afterwards everything is analysed, because a plan made on an empty table
/// keeps its scan.</summary>
static class Seed
{
    /// <param name="slots">How many slots: each doctor's follow each other by half hours, from tomorrow.</param>
    public static async Task Fill(NpgsqlDataSource db, int doctors, int patients, int slots)
    {
        await db.Statement(Patients).With(patients).Execute();
        await db.Statement(Doctors).With(doctors).Execute();
        await db.Statement(Slots).With(doctors).With(slots).Execute();
        await db.Statement("analyze").Execute();
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

    // Slot n belongs to doctor n % doctors, so that slots booked one after another are spread over the doctors.
    const string Slots = """
        insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
        select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
               ('40000000-0000-7000-8000-' || lpad(to_hex(n % $1), 12, '0'))::uuid,
               date_trunc('day', now()) + interval '1 day' + n / $1 * interval '30 minutes',
               date_trunc('day', now()) + interval '1 day' + n / $1 * interval '30 minutes' + interval '30 minutes'
          from generate_series(0, $2 - 1) as n
        """;
}

using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Demo;

/// <summary>The families of the demo's patients, the callers whom the front desk registered, and today's queue of
/// <see cref="DemoClinic.DoctorEmail"/>.</summary>
static class DemoDesk
{
    /// <param name="Patient">The place of the guardian in <see cref="DemoPeople.Patients"/>, from 1.</param>
    sealed record Dependant(int Patient, string Name, string Relation, int Age, string Sex);

    static readonly Dependant[] Dependants = [
        new(1, "Mira Gupta", "child", 6, "female"), new(1, "Kamala Gupta", "parent", 71, "female"),
        new(2, "Kabir Verma", "child", 11, "male"), new(4, "Zoya Khan", "child", 3, "female"),
        new(6, "இனியா அன்பு", "child", 9, "female"), new(13, "Sunita Malhotra", "spouse", 44, "female"),
        new(19, "Vasant Kulkarni", "parent", 78, "male"), new(30, "Rik Bose", "child", 14, "male"),
    ];

    public static async Task Fill(NpgsqlConnection connection)
    {
        var trace = CommonProblems.Trace();
        await connection.Statement(AddFamilies).With(trace)
            .With(Dependants.Select(d => DemoPeople.EmailOfPatient(d.Patient - 1)).ToArray())
            .With(Dependants.Select(d => d.Name).ToArray()).With(Dependants.Select(d => d.Relation).ToArray())
            .With(Dependants.Select(d => d.Age).ToArray()).With(Dependants.Select(d => d.Sex).ToArray()).Execute();
        await connection.Statement(RegisterCallers).With(trace).With(DemoClinic.StaffEmail).Execute();
        var now = (await connection.Statement(DemoCalendar.Now).One(row => row.GetInstant(0)))!.Value;
        // DoctorEmail is the first doctor's.
        var zone = TimeZones.Zone(DemoPeople.Doctors[0].Zone)!;
        var today = now.InZone(zone).Date;
        await connection.Statement(TakeWalkIns).With(trace).With(DemoClinic.StaffEmail).With(ExampleAccounts.Doctor)
            .With(today).With(zone.AtStartOfDay(today).ToInstant()).Execute();
    }

    // A guardian adds the family an hour after signing up, and consents for the children.
    const string AddFamilies = """
        with family as (
            select md5('demo dependant ' || f.full_name)::uuid as id, u.id as account_id,
                   u.created_at + interval '1 hour' as at, f.*
              from unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::text[])
                   as f (email, full_name, relation, age, sex)
              join identity.users u on u.email = f.email),
        added as (
            insert into patients.patients (id, full_name, birth_date, sex, registered_by, created_at, updated_at)
            select id, full_name, (now() - make_interval(years => age, days => 100))::date, sex, account_id, at, at
              from family),
        held as (
            insert into patients.guardians (patient_id, account_id, relation, created_at)
            select id, account_id, relation, at from family),
        consent as (
            insert into patients.consents (id, patient_id, account_id, text_version, verified_by, accepted_at)
            select md5('consent ' || id)::uuid, id, account_id, '2026-01', 'session', at from family where age < 18)
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select at, account_id, 'patient', 'patients.registered', 'patient', id,
               jsonb_build_object('consent', age < 18), $1
          from family order by at
        """;

    // Callers without an account, whom the desk registered this morning.
    const string RegisterCallers = """
        with caller as (
            insert into patients.patients (id, full_name, age_years, age_said_on, sex, phone, registered_by, created_at,
                   updated_at)
            select md5('demo caller ' || c.full_name)::uuid, c.full_name, c.age, (now() at time zone 'UTC')::date,
                   c.sex, c.phone, u.id, now() - interval '1 hour', now() - interval '1 hour'
              from (values ('Kamala Devi', 64, 'female', '+919876543211'),
                           ('Bhola Nath', 58, 'male', '+919876543212')) as c (full_name, age, sex, phone)
              join identity.users u on u.email = $2
            returning *)
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, trace_id)
        select created_at, registered_by, 'staff', 'patients.registered', 'patient', id, $1 from caller
        """;

    // Three came without a booking. The doctor has called the first. Nobody came before the day began.
    const string TakeWalkIns = """
        with today as (
            select $3::uuid as doctor_id, $4::date as day, $5::timestamptz as begins),
        token as (
            insert into scheduling.queues (doctor_id, day, last_token) select doctor_id, day, 3 from today),
        came as (
            insert into scheduling.queue_entries
                   (id, doctor_id, day, token, patient_id, walked_in, arrived_at, called_at)
            select md5('demo walk-in ' || n)::uuid, doctor_id, day, n, p.id, true,
                   greatest(begins, now() - make_interval(mins => 55 - 15 * n::int)),
                   case when n = 1 then greatest(begins, now() - interval '15 minutes') end
              from today
             cross join unnest(array['Kamala Devi', 'Mira Gupta', 'Bhola Nath']) with ordinality as c (full_name, n)
              join patients.patients p on p.full_name = c.full_name
            returning *)
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select arrived_at, (select id from identity.users where email = $2), 'staff', 'queue.walked_in', 'queue_entry',
               id, jsonb_build_object('doctor_id', doctor_id, 'token', token, 'acted_for', patient_id), $1
          from came
        union all
        select called_at, doctor_id, 'doctor', 'queue.called', 'queue_entry', id, jsonb_build_object(
                   'doctor_id', doctor_id, 'token', token,
                   'waited_seconds', extract(epoch from called_at - arrived_at)::int), $1
          from came where called_at is not null
         order by 1
        """;
}

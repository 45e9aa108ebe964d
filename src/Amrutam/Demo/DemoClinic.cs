using Amrutam.Doctors.Profiles;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Telemetry;
using NodaTime;
using Npgsql;

namespace Amrutam.Demo;

/// <summary>The section <c>Demo</c>.</summary>
sealed class DemoSettings
{
    /// <summary>True to fill an empty database at the start; by default only in Development.</summary>
    public bool? Enabled { get; init; }
}

/// <summary>Fills an empty database with a clinic: an administrator, doctors, patients, four weeks of past and two of
/// future.</summary>
/// <remarks> It is part of the composition root, because it writes to several modules. People and their histories are
/// the same every time; only the dates follow today. It is one transaction of statements in the order of the clinic's
/// history, so that readers of the event log see an ordinary log. </remarks>
static class DemoClinic
{
    public const string Password = "monsoon-neem-42";
    public const string AdminEmail = "admin@demo.example", DoctorEmail = "doctor01@demo.example";
    public const string PatientEmail = "patient01@demo.example";

    // Any constant will do, as long as all replicas that start at once have the same one.
    const long AdvisoryLock = 0x44454D4F;

    /// <exception cref="StartupException">The setting asks for it in Production.</exception>
    public static bool IsWanted(IServiceProvider services)
    {
        if (services.GetRequiredService<DemoSettings>().Enabled is not { } enabled)
            return services.GetRequiredService<IHostEnvironment>().IsDevelopment();
        if (enabled) RefuseProduction(services);
        return enabled;
    }

    /// <returns>The demo accounts and their password; null if the database had accounts already.</returns>
    /// <exception cref="StartupException">This is Production. The demo's password is public.</exception>
    public static async Task<string?> Fill(IServiceProvider services)
    {
        RefuseProduction(services);
        using var activity = Tracing.Begin("fill_with_demo");
        var hash = services.GetRequiredService<PasswordHash>().Of(Password, AdminEmail);
        // Only the owner may set the time of events.
        await using var owner = Database.OpenUnpooled(services.GetRequiredService<Database>().Owner, "amrutam demo");
        var filled = await owner.InTransaction(async connection =>
        {
            await connection.Statement(LockOutOthers).With(AdvisoryLock).Execute();
            if (await connection.Statement(SomebodyIsThere).Value<bool>()) return false;
            await AddPeople(connection, hash);
            await AddProfiles(connection);
            await AddSlots(connection);
            await connection.Statement(BookSlots).With(CommonProblems.Trace()).Execute();
            await connection.Statement(CountAttempts).Execute();
            return true;
        });
        return filled
            ? $"Demo data: sign in as {AdminEmail}, {DoctorEmail} or {PatientEmail}; password {Password}"
            : null;
    }

    static void RefuseProduction(IServiceProvider services)
    {
        if (services.GetRequiredService<IHostEnvironment>().IsProduction())
            throw new StartupException("Demo data is never put into Production: its passwords are public.");
    }

    static async Task AddPeople(NpgsqlConnection connection, string hash)
    {
        var people = new List<(string Email, string Name, string Role)> { (AdminEmail, "Nila Admin", Allow.Admin) };
        people.AddRange(DemoPeople.Doctors.Select((d, i) => ($"doctor{i + 1:00}@demo.example", d.Name, Allow.Doctor)));
        people.AddRange(DemoPeople.Patients.Select((name, i) =>
            ($"patient{i + 1:00}@demo.example", name, Allow.Patient)));
        await connection.Statement(SignUp).With(people.ConvertAll(p => p.Email).ToArray())
            .With(people.ConvertAll(p => p.Name).ToArray()).With(people.ConvertAll(p => p.Role).ToArray())
            .With(hash).With(CommonProblems.Trace()).Execute();
    }

    static Task<int> AddProfiles(NpgsqlConnection connection)
    {
        var doctors = DemoPeople.Doctors;
        return connection.Statement(CreateProfiles)
            .With(doctors.Select((_, i) => $"doctor{i + 1:00}@demo.example").ToArray())
            .With(doctors.Select(d => d.Specialization).ToArray()).With(doctors.Select(d => d.Experience).ToArray())
            .With(doctors.Select(d => d.Bio).ToArray()).With(doctors.Select(d => d.Languages).ToArray())
            .With(doctors.Select(d => Languages.NamesOf(d.Languages.Split(' '))).ToArray())
            .With(doctors.Select(d => d.FeeMinor).ToArray()).With(doctors.Select(d => d.Currency).ToArray())
            .With(doctors.Select(d => d.Zone).ToArray()).With(CommonProblems.Trace()).Execute();
    }

    /// <summary>Four hours a day on the doctor's wall clock, not on Sundays, from four weeks behind to two
    /// ahead.</summary>
    static async Task AddSlots(NpgsqlConnection connection)
    {
        var now = (await connection.Statement(Now).One(row => row.GetInstant(0)))!.Value;
        var slots = DemoPeople.Doctors.SelectMany((doctor, i) =>
        {
            var zone = TimeZones.Zone(doctor.Zone)!;
            return Enumerable.Range(-27, 42).Select(now.InZone(zone).Date.PlusDays)
                .Where(date => date.DayOfWeek != IsoDayOfWeek.Sunday)
                .SelectMany(date => Enumerable.Range(0, 8).Select(half => (Email: $"doctor{i + 1:00}@demo.example",
                    At: TimeZones.FirstAt(date.At(new LocalTime(9 + (i + 1) % 6, 0)).PlusMinutes(30 * half), zone))));
        }).ToList();
        await connection.Statement(PublishSlots).With(CommonProblems.Trace())
            .With(slots.ConvertAll(s => s.Email).ToArray())
            .With(slots.ConvertAll(s => s.At.ToDateTimeUtc()).ToArray()).Execute();
    }

    const string Now = "select now()";

    const string LockOutOthers = "select pg_advisory_xact_lock($1)";

    const string SomebodyIsThere = "select exists (select from identity.users)";

    // The clinic opened 28 days ago, within the oldest month that has a partition of the event log.
    const string SignUp = """
        with added as (
            insert into identity.users (id, email, normalized_email, email_confirmed, full_name, role, password_hash,
                   security_stamp, concurrency_stamp, created_at)
            select md5('demo ' || email)::uuid, email, upper(email), true, full_name, role, $4::text,
                   gen_random_uuid()::text, gen_random_uuid()::text,
                   date_trunc('hour', now()) - interval '28 days' + make_interval(mins => n::int)
              from unnest($1::text[], $2::text[], $3::text[]) with ordinality as person (email, full_name, role, n)
            returning id, role, created_at)
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select created_at, id, role, 'accounts.signed_up', 'account', id, jsonb_build_object('role', role), $5
          from added order by created_at
        """;

    // Every twelfth doctor waits for verification, so that an administrator has some to verify.
    const string CreateProfiles = """
        with created as (
            insert into doctors.profiles (id, full_name, specialization, experience, bio, languages, language_names,
                   fee_minor, currency, time_zone, registration_number, created_at, verified_at)
            select u.id, u.full_name, p.specialization, p.experience, p.bio, string_to_array(p.languages, ' '),
                   p.language_names, p.fee_minor, p.currency, p.time_zone, 'AYU-' || 20000 + 137 * p.n,
                   u.created_at + interval '1 hour',
                   case when p.n % 12 <> 0 then u.created_at + interval '2 hours' end
              from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
                          $9::text[]) with ordinality as p (email, specialization, experience, bio, languages,
                          language_names, fee_minor, currency, time_zone, n)
              join identity.users u on u.email = p.email
            returning id, created_at, verified_at)
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, trace_id)
        select created_at, id, 'doctor', 'profiles.created', 'doctor', id, $10 from created
        union all
        select verified_at, (select id from identity.users where role = 'admin'), 'admin', 'doctors.verified', 'doctor',
               id, $10
          from created where verified_at is not null
         order by 1
        """;

    // Every slot begins on a whole or half hour of UTC, so no two of them overlap in part.
    const string PublishSlots = """
        with published as (
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at, created_at)
            select md5(d.id::text || starts_at)::uuid, d.id, starts_at, starts_at + interval '30 minutes',
                   d.created_at + interval '2 hours'
              from unnest($2::text[], $3::timestamptz[]) as a (email, starts_at)
              join identity.users u on u.email = a.email
              join doctors.profiles d on d.id = u.id
             where starts_at > d.created_at + interval '1 day'
            returning doctor_id, created_at)
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select created_at, doctor_id, 'doctor', 'slots.published', 'doctor', doctor_id,
               jsonb_build_object('count', count(*)), $1
          from published group by doctor_id, created_at order by created_at
        """;

    // The bytes of a slot's MD5 replace chance: they decide whether it is booked, when, and how the booking ends. Each
    // half hour begins elsewhere in the list of patients, so no patient has two bookings at once.
    const string BookSlots = """
        with patients as (
            select array_agg(id order by email) as ids from identity.users where role = 'patient'),
        slot as (
            select s.*, decode(md5(s.id::text), 'hex') as dice, s.ends_at < now() as is_over,
                   row_number() over (partition by s.starts_at order by s.doctor_id) as seat,
                   extract(day from s.starts_at - now()) as days_ahead,
                   ('x' || left(md5(s.starts_at::text), 6))::bit(24)::int as entrance
              from scheduling.slots s),
        taken as (
            select slot.*, ids[1 + (entrance + seat) % cardinality(ids)] as patient_id,
                   greatest(slot.created_at + make_interval(mins => 5 * get_byte(dice, 5)),
                       least(starts_at, now()) - make_interval(mins => 2 + get_byte(dice, 1) * get_byte(dice, 2) / 5))
                       as booked_at,
                   case when get_byte(dice, 3) < 30 then 'cancelled' when not is_over then 'confirmed'
                        when get_byte(dice, 3) < 48 then 'no_show' else 'completed' end as fate,
                   case when get_byte(dice, 4) < 64 then 'doctor' else 'patient' end as canceller
              from slot cross join patients
             where get_byte(dice, 0) < case when is_over then 150 + 2 * days_ahead else 110 - 7 * days_ahead end),
        ended as (
            select taken.*, case fate
                       when 'cancelled' then booked_at + (least(starts_at, now()) - booked_at) * 0.6
                       when 'no_show' then starts_at + interval '15 minutes'
                       when 'completed' then ends_at end as ended_at
              from taken),
        booked as (
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, status,
                   cancelled_by, no_show_party, revision, created_at, updated_at)
            select md5('booking ' || id)::uuid, id, doctor_id, patient_id, starts_at, ends_at, fate,
                   case fate when 'cancelled' then canceller end, case fate when 'no_show' then 'patient' end,
                   case fate when 'confirmed' then 0 else 1 end, booked_at, coalesce(ended_at, booked_at)
              from ended
            returning *),
        marked as (
            update scheduling.slots s set booking_id = b.id
              from booked b where b.slot_id = s.id and b.status <> 'cancelled'),
        kept as (
            insert into scheduling.booking_steps
                   (booking_id, revision, action, from_status, to_status, actor_id, actor_role, at)
            select id, 1, status, 'confirmed', status,
                   case cancelled_by when 'patient' then patient_id else doctor_id end,
                   coalesce(cancelled_by, 'doctor'), updated_at
              from booked where status <> 'confirmed')
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select created_at, patient_id, 'patient', 'bookings.booked', 'booking', id,
               jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id, 'starts_at', starts_at), $1
          from booked
        union all
        select updated_at, case cancelled_by when 'patient' then patient_id else doctor_id end,
               coalesce(cancelled_by, 'doctor'), 'bookings.' || status, 'booking', id,
               jsonb_strip_nulls(jsonb_build_object('doctor_id', doctor_id, 'starts_at', starts_at,
                   'slot_id', case status when 'cancelled' then slot_id end, 'party', no_show_party)), $1
          from booked where status <> 'confirmed'
         order by 1, 4
        """;

    // Refusals write no event, so their counts are invented: about one for every six bookings.
    const string CountAttempts = """
        with booked as (
            select (created_at at time zone 'Asia/Kolkata')::date as day, count(*) as n
              from scheduling.bookings group by 1)
        insert into analytics.attempts as a (day, outcome, n)
        select day, outcome, n / share
          from booked, (values ('one_active_booking_per_slot', 9),
                              ('bookings_of_a_patient_do_not_overlap', 24), ('slot_has_started', 40))
                      as o (outcome, share)
         where n >= share
        on conflict (day, outcome) do update set n = a.n + excluded.n
        """;
}

using Amrutam.Doctors.Profiles;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Telemetry;
using Npgsql;

namespace Amrutam.Demo;

/// <summary>The section <c>Demo</c>.</summary>
sealed class DemoSettings
{
    /// <summary>True to fill an empty database at the start; by default only in Development.</summary>
    public bool? Enabled { get; init; }
}

/// <summary>Fills an empty database with a clinic: an administrator, a front desk, doctors, patients and families. Its
/// calendar has half a year behind and three weeks ahead.</summary>
/// <remarks> It is part of the composition root, because it writes to several modules. People and their histories are
/// the same every time; only the dates follow today. It is one transaction of statements in the order of the clinic's
/// history, so that readers of the event log see an ordinary log. </remarks>
static class DemoClinic
{
    public const string Password = "monsoon-neem-42";
    public const string AdminEmail = "admin@demo.example", DoctorEmail = "doctor01@demo.example";
    public const string PatientEmail = "patient01@demo.example", StaffEmail = "desk1@demo.example";

    // Any constant will do, as long as all replicas that start at once have the same one.
    const long AdvisoryLock = 0x44454D4F;

    // As far as the demo's past reaches.
    const int MonthsBehind = 7;

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
        if (await owner.Statement(SomebodyIsThere).Value<bool>()) return null;
        // In a transaction of its own, because it locks out the jobs that make and retire months.
        await owner.Statement(MakePartitions).With(MonthsBehind).Value<int>();
        var filled = await owner.InTransaction(async connection =>
        {
            await connection.Statement(LockOutOthers).With(AdvisoryLock).Execute();
            if (await connection.Statement(SomebodyIsThere).Value<bool>()) return false;
            await AddPeople(connection, hash);
            await AddProfiles(connection);
            await DemoVisitTypes.Fill(connection);
            await DemoCalendar.Fill(connection);
            await DemoVisits.Fill(connection);
            await DemoDesk.Fill(connection);
            return true;
        });
        return filled
            ? $"Demo data: sign in as {AdminEmail}, {StaffEmail}, {DoctorEmail} or {PatientEmail}; "
                + $"password {Password}"
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
        people.AddRange(DemoPeople.Staff.Select((name, i) => (DemoPeople.EmailOfStaff(i), name, Allow.Staff)));
        people.AddRange(DemoPeople.Doctors.Select((d, i) => (DemoPeople.EmailOfDoctor(i), d.Name, Allow.Doctor)));
        people.AddRange(DemoPeople.Patients.Select((name, i) => (DemoPeople.EmailOfPatient(i), name, Allow.Patient)));
        await connection.Statement(SignUp).With(people.ConvertAll(p => p.Email).ToArray())
            .With(people.ConvertAll(p => p.Name).ToArray()).With(people.ConvertAll(p => p.Role).ToArray())
            .With(hash).With(CommonProblems.Trace())
            .With(new[] { DoctorEmail, PatientEmail }).With(new[] { ExampleAccounts.Doctor, ExampleAccounts.Patient })
            .Execute();
    }

    static Task<int> AddProfiles(NpgsqlConnection connection)
    {
        var doctors = DemoPeople.Doctors;
        return connection.Statement(CreateProfiles)
            .With(doctors.Select((_, i) => DemoPeople.EmailOfDoctor(i)).ToArray())
            .With(doctors.Select(d => d.Specialization).ToArray()).With(doctors.Select(d => d.Experience).ToArray())
            .With(doctors.Select(d => d.Bio).ToArray()).With(doctors.Select(d => d.Languages).ToArray())
            .With(doctors.Select(d => Languages.NamesOf(d.Languages.Split(' '))).ToArray())
            .With(doctors.Select(d => d.FeeMinor).ToArray()).With(doctors.Select(d => d.Currency).ToArray())
            .With(doctors.Select(d => d.Zone).ToArray()).With(CommonProblems.Trace()).Execute();
    }

    const string LockOutOthers = "select pg_advisory_xact_lock($1)";

    const string SomebodyIsThere = "select exists (select from identity.users)";

    const string MakePartitions = "select audit.make_partitions($1, 0)";

    // The clinic opened 180 days ago with four doctors and twenty patients. The others came one after the other. The
    // doctors who wait for verification came in the last days.
    const string SignUp = """
        with person as (
            select *, row_number() over (partition by role order by n) as k
              from unnest($1::text[], $2::text[], $3::text[]) with ordinality as p (email, full_name, role, n)),
        added as (
            insert into identity.users (id, email, normalized_email, email_confirmed, full_name, role, password_hash,
                   security_stamp, concurrency_stamp, created_at)
            select coalesce(($7::uuid[])[array_position($6::text[], email)], md5('demo ' || email)::uuid), email,
                   upper(email), true, full_name, role, $4::text, gen_random_uuid()::text, gen_random_uuid()::text,
                   date_trunc('hour', now()) - interval '1 day' * case
                       when role = 'doctor' and k % 12 = 0 then 8 - k / 4.0
                       when role = 'doctor' then 180 - 0.1 * least(k, 4) - 7.5 * greatest(k - 4, 0)
                       when role = 'patient' then 179.5 - 0.05 * least(k, 20) - 4.43 * greatest(k - 20, 0)
                       else 180 end
              from person
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
}

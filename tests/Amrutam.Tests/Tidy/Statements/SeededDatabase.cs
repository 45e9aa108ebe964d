using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Tidy.Statements;

/// <summary>Thousands of rows in every big table, so that the planner chooses as in service.</summary>
/// <remarks>The classes that use it share one. Seeding locks each patient, and the locks of two would not
/// fit.</remarks>
[CollectionDefinition(nameof(SeededDatabase))]
public sealed class SeededDatabase(TestCluster cluster) : IAsyncLifetime, ICollectionFixture<SeededDatabase>
{
    /// <summary>A doctor with thousands of slots.</summary>
    internal static readonly Guid Busy = new("01900000-0000-7000-8000-00000000b057");

    /// <summary>A patient with thousands of bookings.</summary>
    internal static readonly Guid BusyPatient = new("01900000-0000-7000-8000-00000000b058");

    // The driver's limit of 30 seconds is too short for a busy machine.
    static readonly TimeSpan MostSeeding = TimeSpan.FromMinutes(5);

    Database _database = null!;

    /// <summary>Tables without rows, which a plan may scan: the event log's partitions of future months.</summary>
    internal HashSet<string> Empty { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        await using var connection = await Open();
        await connection.Statement(Seed).Execute();
        await connection.Statement(SeedBusy).With(Busy).With(BusyPatient).Execute();
        // As in service. Otherwise a plan depends on whether autovacuum came by.
        await connection.Statement("vacuum analyze").Execute();
        Empty = [.. await connection.Statement(
            "select oid::regclass::text from pg_class where relkind = 'r' and reltuples = 0")
            .List(row => row.GetString(0))];
    }

    /// <param name="options">PostgreSQL's settings, in the form of a connection string.</param>
    internal async Task<NpgsqlConnection> Open(string? options = null)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database.Owner)
        {
            Pooling = false, Options = options, CommandTimeout = (int)MostSeeding.TotalSeconds,
        }.ConnectionString);
        await connection.OpenAsync();
        // The plan that a prepared statement settles on, and an index preference as with a cached database.
        await connection.Statement("set plan_cache_mode = force_generic_plan; set random_page_cost = 1.1").Execute();
        return connection;
    }

    public ValueTask DisposeAsync() => default;

    const string SeedBusy = """
        with account as (
            insert into identity.users (id, email, normalized_email, full_name, role, security_stamp, concurrency_stamp)
            values ($1, 'busy@example.org', 'BUSY@EXAMPLE.ORG', 'Busy', 'doctor', 'x', 'x')),
        profile as (
            insert into doctors.profiles (id, full_name, specialization, experience, bio, verified_at)
            values ($1, 'Busy', 'Busy', 5, 'Sees patients.', now())),
        slots as (
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
            select gen_random_uuid(), $1, now() + n * interval '30 minutes', now() + (n + 1) * interval '30 minutes'
              from generate_series(-2000, 2000) n returning id, starts_at, ends_at)
        insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at)
        select gen_random_uuid(), id, $1, $2, starts_at, ends_at from slots where starts_at < now()
        """;

    // The same slots are booked in every run, because by chance a page could meet many more booked ones than it shows.
    const string Seed = """
        select setseed(0);
        insert into identity.users (id, email, normalized_email, full_name, role, security_stamp, concurrency_stamp)
        select gen_random_uuid(), n || '@example.org', n || '@EXAMPLE.ORG', 'Person ' || n,
               case when n <= 3000 then 'doctor' else 'patient' end, 'x', 'x'
          from generate_series(1, 8000) n;
        insert into identity.sessions (id, user_id, expires_at) select gen_random_uuid(), id, now() + interval '1 day'
             from identity.users;
        insert into patients.patients (id, full_name, birth_date, registered_by)
        select gen_random_uuid(), 'Child ' || id, date '2020-01-01', id from identity.users where role = 'patient';
        insert into patients.guardians (patient_id, account_id, relation)
        select id, registered_by, 'child' from patients.patients where registered_by is not null;
        insert into patients.consents (id, patient_id, account_id, text_version, verified_by)
        select gen_random_uuid(), patient_id, account_id, '1', 'session' from patients.guardians;
        insert into doctors.profiles (id, full_name, specialization, experience, bio, verified_at)
        select id, full_name, 'Specialization ' || split_part(email, '@', 1)::int % 40, 5,
             repeat('Sees patients. ', 20), now()
          from identity.users where role = 'doctor';
        insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
        select gen_random_uuid(), id, at, at + interval '30 minutes'
          from doctors.profiles, generate_series(now() - interval '5 days', now() + interval '5 days',
               interval '1 day') at;
        insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at)
        select gen_random_uuid(), s.id, s.doctor_id, gen_random_uuid(), s.starts_at, s.ends_at from scheduling.slots s
             where random() < 0.4;
        update scheduling.slots s set booking_id = b.id from scheduling.bookings b where b.slot_id = s.id;
        update scheduling.slots set held_by = gen_random_uuid(), held_until = now() + interval '5 minutes'
         where id in (select id from scheduling.slots where booking_id is null and starts_at > now() limit 500);
        insert into scheduling.booking_steps (booking_id, revision, action, from_status, to_status)
        select id, 1, 'completed', 'confirmed', 'completed' from scheduling.bookings;
        insert into scheduling.moved_bookings (booking_id, revision, doctor_id, patient_id, slot_id, starts_at, ends_at,
               booked_at)
        select id, 1, doctor_id, patient_id, slot_id, starts_at, ends_at, created_at from scheduling.bookings;
        insert into scheduling.waitlist_entries (id, patient_id, doctor_id, starts_from, starts_until, status)
        select gen_random_uuid(), u.id, d.id, now(), now() + interval '9 days',
               (array['waiting', 'left', 'accepted'])[1 + abs(hashtext(u.email)) % 3]
          from identity.users u
          join doctors.profiles d on abs(hashtext(d.id::text)) % 3000 = abs(hashtext(u.email)) % 3000;
        insert into scheduling.waitlist_offers (entry_id, slot_id, expires_at, outcome)
        select id, gen_random_uuid(), now(), 'passed' from scheduling.waitlist_entries;
        insert into scheduling.queue_entries (id, doctor_id, day, token, patient_id, booking_id, walked_in)
        select gen_random_uuid(), doctor_id, (starts_at at time zone 'UTC')::date,
               row_number() over (partition by doctor_id, (starts_at at time zone 'UTC')::date), patient_id, id, false
          from scheduling.bookings;
        insert into scheduling.queues (doctor_id, day, last_token)
        select doctor_id, day, max(token) from scheduling.queue_entries group by doctor_id, day;
        insert into scheduling.recent_holds (patient_id, slot_id, ended_at)
        select id, gen_random_uuid(), now() from identity.users;
        insert into scheduling.visit_types (id, name, minutes, mode, first, bookable_by, currency,
               buffer_before_minutes, buffer_after_minutes, active)
        select gen_random_uuid(), 'Kind ' || n, 30, 'video', true, 'patients', 'INR', 0, 0, true
          from generate_series(1, 12) n;
        insert into scheduling.doctor_visit_types (doctor_id, visit_type_id, position)
        select d.id, v.id, row_number() over (partition by d.id)
          from doctors.profiles d join scheduling.visit_types v on abs(hashtext(d.id::text || v.name)) % 3 = 0;
        insert into notifications.calendar_feeds (id, account_id, role, token_hash, detail)
        select gen_random_uuid(), id, role, uuid_send(id), 'discreet' from identity.users;
        insert into notifications.messages (id, event_position, account_id, channel, kind, booking_id, revision,
               starts_at, due_at, useless_after, state, ended_at)
        select gen_random_uuid(), row_number() over (), patient_id, 'email', 'booked', id, 0, starts_at, now(),
               starts_at, 'sent', now()
          from scheduling.bookings;
        insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body)
        select id, 'bookings', 'k', '\x00', 201, '{}' from identity.users;
        insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body)
        select id, 'bookings', 'refused', '\x00', 409, '{}' from identity.users limit 500;
        insert into audit.events (actor_id, actor_role, action, entity, entity_id)
        select patient_id, 'patient', 'bookings.booked', 'booking', id from scheduling.bookings;
        insert into audit.events (actor_id, actor_role, action, entity, entity_id)
        select doctor_id, 'doctor', 'slots.published', 'slot', id from scheduling.slots;
        insert into audit.events (actor_id, actor_role, action, entity, entity_id)
        select doctor_id, 'doctor', 'bookings.read', 'person', patient_id from scheduling.bookings;
        """;
}

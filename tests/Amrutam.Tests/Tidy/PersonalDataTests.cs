using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Tidy;

/// <summary>The modules' declarations of personal data against the schema and against a real export.</summary>
public sealed class PersonalDataTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    // A slot that a patient holds is a row of scheduling.slots.
    static readonly string[] WithoutTable = ["holds"];

    static IEnumerable<string> Members => Product.Tables.Select(t => t.ExportedAs).OfType<string>();

    [Fact]
    public async Task A_column_with_a_persons_id_is_exported_or_declared()
    {
        var columns = await fixture.Server.Owner.Statement(ReadPersonColumns)
            .List(row => (Table: row.GetString(0), Column: row.GetString(1)));
        columns.Count.ShouldBeGreaterThan(10);
        var declared = Product.Tables.ToDictionary(t => t.Name, StringComparer.Ordinal);
        columns.Where(c => declared.GetValueOrDefault(c.Table) is not { } table
                || (table.ExportedAs is null && table.PersonIds?.Contains(c.Column) is not true))
            .Select(c => $"{c.Table}.{c.Column}").ShouldBeEmpty();
    }

    [Fact]
    public async Task The_export_has_a_member_for_each_that_holds_something_of_a_person()
    {
        var person = await fixture.Server.User("patient");
        var export = (await person.Http.Get("/api/me/export")).Is(200);
        export.Body.EnumerateObject().Select(m => m.Name).Order(StringComparer.Ordinal).ShouldBe(
            Members.Concat(WithoutTable).Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>A person with records of every kind finds them in every member, and no secret in any.</summary>
    [Fact]
    public async Task An_export_has_every_record_of_the_person_and_no_secret()
    {
        var server = fixture.Server;
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(1), reason: "a cough", key: "k1")).Is(201).Id;
        (await patient.Http.Post($"/api/bookings/{booking}/cancellation", new { })).Is(200);
        (await patient.Http.Post($"/api/slots/{await doctor.Slot(2)}/hold")).Is(201);
        var moved = (await patient.Book(await doctor.Slot(4))).Is(201).Id;
        (await patient.Http.Post($"/api/bookings/{moved}/move",
            new { slot_id = await (await server.Doctor()).Slot(4), to_other_doctor = true })).Is(200);
        foreach (var user in new[] { doctor, patient })
            await server.Owner.Statement(PlantTheRest).With(user.Id).Execute();
        var members = new HashSet<string>(StringComparer.Ordinal);
        foreach (var user in new[] { doctor, patient })
        {
            var export = (await user.Http.Get("/api/me/export")).Is(200);
            members.UnionWith(export.Body.EnumerateObject()
                .Where(m => m.Value.GetArrayLength() > 0).Select(m => m.Name));
            export.Text.ShouldNotContain("planted-secret");
            export.Text.ShouldNotContain(Convert.ToHexStringLower("planted-secret"u8));
            Ids(export.Body).Where(id => id != user.Id && id != doctor.Id).ShouldNotContain(patient.Id);
        }
        Members.Except(members).ShouldBeEmpty();
    }

    /// <summary>The ids of people in an export. Bookings name the patient and the doctor, whose record they are too, so
    /// they are left out.</summary>
    static IEnumerable<Guid> Ids(JsonElement export) => export.EnumerateObject()
        .Where(m => m.Name is not ("bookings" or "booking_history" or "events" or "remembered_requests"))
        .SelectMany(m => m.Value.EnumerateArray()).SelectMany(row => row.EnumerateObject())
        .Where(m => m.Value.ValueKind == JsonValueKind.String && Guid.TryParse(m.Value.GetString(), out _))
        .Select(m => m.Value.GetGuid());

    // By their names, and by references to accounts and profiles, whose keys are persons' ids.
    const string ReadPersonColumns = """
        select c.oid::regclass::text, a.attname::text
          from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and a.atttypid = 'uuid'::regtype
         where c.relkind in ('r', 'p') and not c.relispartition
           and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema|public$)'
           and (a.attname ~ '^(user|patient|doctor|actor|person|account|owner|member)_id$|_by$'
                or exists (select from pg_constraint f
                            where f.conrelid = c.oid and f.contype = 'f' and a.attnum = any(f.conkey)
                              and f.confrelid in ('identity.users'::regclass, 'doctors.profiles'::regclass)))
         order by 1, 2
        """;

    const string PlantTheRest = """
        with a as (insert into identity.authenticators (user_id, sealed) values ($1, 'planted-secret')),
        r as (insert into identity.recovery_codes (user_id, hash) values ($1, 'planted-secret')),
        p as (insert into identity.passkeys (credential_id, user_id, data)
              values (decode(replace($1::text, '-', ''), 'hex'), $1,
                      '{"Name": "Mine", "PublicKey": "planted-secret"}')),
        t as (insert into identity.mailed_tokens (hash, user_id, purpose, new_email, security_stamp, expires_at)
              values (decode(replace($1::text, '-', ''), 'hex') || 'planted-secret', $1, 'change_email',
                      'new@example.org', 'planted-secret', now())),
        i as (insert into identity.invitations (id, hash, email, role, invited_by, expires_at)
              select gen_random_uuid(), decode(replace($1::text, '-', ''), 'hex') || 'planted-secret', email, 'doctor',
                     $1, now() from identity.users where id = $1),
        c as (insert into patients.consents (id, patient_id, account_id, text_version, verified_by)
              select gen_random_uuid(), id, $1, '1', 'session' from patients.patients where id = $1),
        v as (insert into scheduling.availability (doctor_id) values ($1)),
        b as (insert into scheduling.booking_policies (doctor_id) values ($1)),
        k as (insert into scheduling.visit_types (id, name, minutes, mode, first, bookable_by, currency,
                     buffer_before_minutes, buffer_after_minutes, active)
              values (gen_random_uuid(), 'Planted', 30, 'video', true, 'patients', 'INR', 0, 0, true) returning id),
        d as (insert into scheduling.doctor_visit_types (doctor_id, visit_type_id, position) select $1, id, 1 from k),
        n as (insert into notifications.preferences (account_id, language, quiet_from, quiet_until, reminders)
              values ($1, 'hi', '21:00', '08:00', '{}')),
        m as (insert into notifications.messages (id, event_position, account_id, channel, kind, booking_id, revision,
                     starts_at, due_at, useless_after)
              values (gen_random_uuid(), 1, $1, 'email', 'booked', gen_random_uuid(), 0, now(), 'infinity', now())),
        f as (insert into notifications.calendar_feeds (id, account_id, role, token_hash, detail)
              values (gen_random_uuid(), $1, 'patient',
                      decode(replace($1::text, '-', ''), 'hex') || 'planted-secret', 'discreet')),
        q as (insert into scheduling.queue_entries (id, doctor_id, day, token, patient_id, walked_in)
              values (gen_random_uuid(), gen_random_uuid(), '2030-01-01', 1, $1, true)),
        o as (insert into scheduling.time_off (id, doctor_id, starts_at, ends_at)
              values (gen_random_uuid(), $1, now(), now() + interval '1 hour'))
        insert into scheduling.waitlist_entries (id, patient_id, specialization, starts_from, starts_until)
        values (gen_random_uuid(), $1, 'Ayurveda', now(), now() + interval '1 day')
        """;
}

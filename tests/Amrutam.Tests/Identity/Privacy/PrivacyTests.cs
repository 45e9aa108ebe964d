using System.Text.Json;
using Amrutam.Identity.Privacy;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Identity.Privacy;

/// <summary>A person's rights to their data: export, closing and erasure.</summary>
public sealed class PrivacyTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    // Each slot starts in another hour of the same day.
    int _hours;

    async Task<Guid> Book(Person patient, TestUser doctor, string reason = "a very private reason")
    {
        var at = TimeProvider.System.GetUtcNow().AddDays(3).AddHours(_hours++);
        var slot = (await doctor.Http.Post("/api/slots", new
        {
            starts_at = at, ends_at = at.AddMinutes(30),
        })).Is(201).Id;
        return (await patient.Http.Post("/api/bookings", new { slot_id = slot, reason },
            key: "k" + slot)).Is(201).Id;
    }

    static object Proof => new { password = Person.Password };

    [Fact]
    public async Task The_export_has_everything_of_mine_and_nothing_of_anothers()
    {
        var (person, other) = (await Person.SignUp(Server), await Person.SignUp(Server));
        var doctor = await Server.Doctor();
        var booking = await Book(person, doctor);
        await Book(other, doctor);
        var export = (await person.Http.Get("/api/me/export")).Is(200);
        export.Header("Content-Type")!.ShouldStartWith("application/json");
        export.Header("Content-Disposition")!.ShouldContain("amrutam-export.json");
        Section(export, "account")[0].GetProperty("email").GetString().ShouldBe(person.Email);
        Section(export, "bookings").Select(b => b.GetProperty("id").GetGuid()).ShouldBe([booking]);
        Section(export, "bookings")[0].GetProperty("reason").GetString().ShouldBe("a very private reason");
        Section(export, "sessions").Length.ShouldBe(1);
        Section(export, "events").Select(e => e.GetProperty("action").GetString()).ShouldContain("bookings.booked");
        Section(export, "doctor_profile").ShouldBeEmpty();
        export.Text.ShouldNotContain(other.Email);
        export.Text.ShouldNotContain("password_hash");
        Section((await doctor.Http.Get("/api/me/export")).Is(200), "doctor_profile").Length.ShouldBe(1);
    }

    static JsonElement[] Section(Reply export, string name) => [.. export.Body.GetProperty(name).EnumerateArray()];

    [Fact]
    public async Task Leaving_needs_the_password_and_signs_out_everywhere()
    {
        var person = await Person.SignUp(Server);
        (await person.Http.Send(HttpMethod.Delete, "/api/me", new { })).Is(403, "reauthentication_required");
        (await person.Http.Send(HttpMethod.Delete, "/api/me", new { password = "wrong-guess-1" }))
            .Is(422, "wrong_password");
        var due = (await person.Http.Send(HttpMethod.Delete, "/api/me", Proof)).Is(202)
            .Body.GetProperty("deletion_due_at").GetDateTimeOffset();
        (due - TimeProvider.System.GetUtcNow()).TotalDays.ShouldBe(14, tolerance: 0.1);
        (await person.Http.Get("/api/me")).Is(401);
        (await Mailbox.Letter(person.Email, "Your account will be deleted")).Body()
            .ShouldContain($"erased after {due.UtcDateTime:d MMMM yyyy, HH:mm} UTC.");
    }

    [Fact]
    public async Task Signing_in_again_within_the_grace_keeps_the_account()
    {
        var person = await Person.SignUp(Server);
        (await person.Http.Send(HttpMethod.Delete, "/api/me", Proof)).Is(202);
        await person.SignIn();
        await MakeDue(person);
        await Erase();
        (await person.Http.Get("/api/me")).Is(200)["email"].ShouldBe(person.Email);
    }

    [Fact]
    public async Task After_the_grace_personal_data_is_gone_and_bookings_and_events_keep_a_pseudonym()
    {
        var person = await Person.SignUp(Server);
        var doctor = await Server.Doctor();
        var booking = await Book(person, doctor, "words about a cough");
        (await doctor.Http.Post($"/api/bookings/{booking}/cancellation", new { reason = "words about a cough" },
            key: "cancel" + booking)).Is(200);
        await person.Enrol();
        (await person.Http.Send(HttpMethod.Delete, "/api/me", Proof)).Is(202);
        await Mailbox.Letter(person.Email, "Your account will be deleted");
        await MakeDue(person);
        await Erase();
        (await person.TryToSignIn()).Is(401, "invalid_credentials");
        (await doctor.Http.Get("/api/bookings/" + booking)).Is(200)["patient_id"].ShouldBe(person.Id.ToString());
        (await Server.Owner.Statement("""
            select count(*) from audit.events where entity_id = $1 and action = 'accounts.erased'
            """)
            .With(person.Id).Value<long>()).ShouldBe(1);
        (await Leftovers(person.Email, person.Email.Split('@')[0], "words about a cough")).ShouldBeEmpty();
        (await Server.Owner.Statement("select count(*) from scheduling.bookings where id = $1 and reason is not null")
            .With(booking).Value<long>()).ShouldBe(0);
        (await Server.Owner.Statement("select full_name is null from identity.users where id = $1").With(person.Id)
            .Value<bool>()).ShouldBeTrue();
        (await Server.Anonymous().Post("/api/auth/signup", new { email = person.Email, password = Person.Password }))
            .Is(201);
    }

    Task<int> MakeDue(Person person) => Server.Owner
        .Statement("update identity.users set deletion_due_at = now() where id = $1 and deletion_due_at is not null")
            .With(person.Id).Execute();

    Task<int> Erase() => Server.App.Services.GetRequiredService<EraseAccounts>().EraseDue(CancellationToken.None);

    /// <summary>Searches every column of every table of the product for the words.</summary>
    async Task<List<string>> Leftovers(params string[] words)
    {
        var tables = await Server.Owner.Statement("""
            select format('%I.%I', table_schema, table_name) from information_schema.tables
             where table_type = 'BASE TABLE' and table_schema in ('identity', 'doctors', 'scheduling', 'audit',
                'analytics')
            """).List(row => row.GetString(0));
        var found = new List<string>();
        foreach (var table in tables)
            foreach (var word in words)
                if (await Server.Owner.Statement(
                    $"select exists (select from {table} t where t::text ilike '%' || $1 || '%')").With(word)
                    .Value<bool>())
                    found.Add($"{table} has '{word}'");
        return found;
    }
}

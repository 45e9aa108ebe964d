using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Patients.Desk;

/// <summary>The front desk finds and registers patients.</summary>
public sealed class DeskPatientTests(TestCluster cluster) : IAsyncLifetime
{
    const string Patients = "/api/patients";

    TestServer _server = null!;
    TestUser _staff = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(await cluster.NewDatabase());
        _staff = await _server.User("staff");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    Task<Reply> Register(object patient) => _staff.Http.Post(Patients, patient);

    [Theory]
    [InlineData("0091 98765 43210")]
    [InlineData("+91-98765-43210")]
    [InlineData("098765 43210")]
    [InlineData("98765 43210")]
    [InlineData("९८७६५ ४३२१०")]
    public async Task A_phone_is_read_in_every_notation(string phone) =>
        (await Register(new { full_name = "आशा राव", phone })).Is(201)["phone"].ShouldBe("+919876543210");

    [Fact]
    public async Task A_caller_is_registered_and_found_by_name_phone_and_birthday()
    {
        var id = (await Register(new
        {
            full_name = "Kamala Devi", birth_date = "1964-02-29", sex = "female", phone = "+91 98765 43211",
            city = "Pune", language = "mr", emergency_contact = new { name = "Ravi Devi", phone = "98765 43212" },
        })).Is(201).Id;
        (await Register(new { full_name = "Somebody Else", phone = "+91 98765 00000", birth_date = "1970-01-01" }))
            .Is(201);
        foreach (var q in new[] { "kamala", "LA DE", "98765 43211", "0091 98765 43211", "43211", "1964-02-29" })
            (await Search(q)).Is(200).Ids().ShouldBe([id], q);
        foreach (var q in new[] { "%%%", "___", "1964-02-28", "00000000", "Kamala%" })
            (await Search(q)).Is(200).Items.ShouldBeEmpty(q);
        (await Search("kamala"))["items"].ShouldNotContain("43212");
    }

    [Theory]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("ab")]
    [InlineData("  a  ")]
    public async Task A_search_needs_three_characters(string q) => (await Search(q)).Is(422, "invalid_fields");

    [Fact]
    public async Task An_own_record_is_found_until_it_is_merged_and_pages_follow_the_newest()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 3; i++) ids.Add((await _server.User("patient", "Found Person")).Id);
        var first = (await _staff.Http.Get(Patients + "?q=found&limit=2")).Is(200);
        first.Ids().ShouldBe([ids[2], ids[1]]);
        first.All("has_account").Distinct().ShouldBe(["True"]);
        (await _staff.Http.Get($"{Patients}?q=found&limit=2&cursor={first["next_cursor"]}")).Is(200).Ids()
            .ShouldBe([ids[0]]);
        await _server.Owner.Statement("update patients.patients set merged_into = $1 where id = $2").With(ids[0])
            .With(ids[1]).Execute();
        (await Search("found")).Ids().ShouldBe([ids[2], ids[0]]);
    }

    [Fact]
    public async Task A_search_is_an_event_without_its_text_and_the_patients_see_it()
    {
        var patient = await _server.User("patient", "Found Person");
        (await Search("found")).Is(200);
        (await Search("98765")).Is(200);
        (await Search("1964-02-29")).Is(200);
        (await _server.Owner.Statement("""
            select actor_role || ' ' || details::text from audit.events
             where action = 'patients.searched' and actor_id = $1 order by position
            """).With(_staff.Id).List(row => row.GetString(0)))
            .ShouldBe(["staff {\"by\": \"name\"}", "staff {\"by\": \"phone\"}", "staff {\"by\": \"birth_date\"}"]);
        (await patient.Http.Get("/api/me/access-log")).Is(200).All("action").ShouldBe(["patients.read"]);
    }

    [Fact]
    public async Task Searches_are_limited()
    {
        await using var server =
            await TestServer.Start(await cluster.NewDatabase(), "--Limits:PatientSearchesPerAccount=2");
        var staff = await server.User("staff");
        // A minute may end between two requests; the next one does not.
        var refused = await Waiting.First(() => staff.Http.Get(Patients + "?q=found"),
            reply => reply.Status == 429);
        refused.Is(429, "too_many_requests").Header("Retry-After").ShouldNotBeNull();
    }

    [Fact]
    public async Task The_same_phone_and_birthday_offers_the_existing_record()
    {
        var caller = new { full_name = "Kamala Devi", birth_date = "1964-02-29", phone = "+91 98765 43211" };
        var id = (await Register(caller)).Is(201).Id;
        var known = (await Register(caller with { full_name = "Kamla Devi", phone = "098765 43211" }))
            .Is(409, "patient_is_known");
        known.Body.GetProperty("patients")[0].GetProperty("id").GetGuid().ShouldBe(id);
        (await Register(caller with { birth_date = "1964-03-01" })).Is(201);
        (await Register(new
        {
            full_name = "Kamala's twin", caller.birth_date, caller.phone, is_another_person = true,
        })).Is(201).Id.ShouldNotBe(id);
        (await Register(caller)).Is(409).Body.GetProperty("patients").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task Desks_that_register_one_caller_at_once_make_one_record()
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Register(new
        {
            full_name = "Kamala Devi", birth_date = "1964-02-29", phone = "+91 98765 43211",
        })));
        replies.Count(r => r.Status == 201).ShouldBe(1);
        replies.Count(r => r.Status == 409).ShouldBe(9);
    }

    public static TheoryData<string, string> WrongFields => new()
    {
        { """{"full_name": ""}""", "full_name" },
        { $$"""{"full_name": "{{new string('क', 201)}}"}""", "full_name" },
        { """{"full_name": "A", "birth_date": "2199-01-01"}""", "birth_date" },
        { """{"full_name": "A", "age_years": 131}""", "age_years" },
        { """{"full_name": "A", "age_years": -1}""", "age_years" },
        { """{"full_name": "A", "age_years": 30, "birth_date": "1990-01-01"}""", "age_years" },
        { """{"full_name": "A", "sex": "x"}""", "sex" },
        { """{"full_name": "A", "phone": "12"}""", "phone" },
        { """{"full_name": "A", "phone": "+91 98765 43210 and more"}""", "phone" },
        { """{"full_name": "A", "language": "Marathi!"}""", "language" },
        { """{"full_name": "A", "emergency_contact": {"name": "B", "phone": "x"}}""", "emergency_contact.phone" },
    };

    [Theory]
    [MemberData(nameof(WrongFields))]
    public async Task A_wrong_field_is_named(string body, string field) =>
        (await Register(body)).Is(422, "invalid_fields").Body.GetProperty("errors").TryGetProperty(field, out _)
            .ShouldBeTrue();

    [Theory]
    [InlineData("2023-02-29")]
    [InlineData("29/02/2024")]
    public async Task A_birthday_that_does_not_exist_is_malformed(string date) =>
        (await Register(new { full_name = "A", birth_date = date })).Status.ShouldBe(400);

    [Theory]
    [InlineData("A")]
    [InlineData("ಕ")]
    [InlineData("李")]
    public async Task A_name_may_be_of_any_script_and_an_age_replaces_a_birthday(string name)
    {
        var made = (await Register(new { full_name = name, age_years = 130 })).Is(201);
        (made["full_name"], made["age"]).ShouldBe((name, "130"));
    }

    Task<Reply> Search(string q) => _staff.Http.Get($"{Patients}?q={Uri.EscapeDataString(q)}");
}

using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Attacks;

/// <summary>A doctor is verified for one profession and then claims another, or takes another doctor's
/// registration.</summary>
public sealed class BorrowedVerificationTests(TestCluster cluster) : IAsyncLifetime
{
    TestServer _server = null!;
    TestUser _admin = null!, _doctor = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(await cluster.NewDatabase(), "--Doctors:RequireVerification=true");
        _admin = await _server.User("admin");
        _doctor = await WithProfile("MH-1", council: "MMC");
        (await Decide(new { verified = true })).Is(200)["verified"].ShouldBe("True");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("full_name", "\"Usha Rao\"")]
    [InlineData("specialization", "\"Cardiology\"")]
    [InlineData("experience", "40")]
    [InlineData("registration_number", "\"MH-2\"")]
    [InlineData("registration_number", "null")]
    [InlineData("registration_council", "\"KMC\"")]
    public async Task A_verified_field_stays_as_it_was_verified_until_an_administrator_decides(string field,
        string value)
    {
        var before = (await Seen())[field];
        var changed = (await Change($$"""{"{{field}}": {{value}}, "bio": "New."}""")).Is(200);
        changed["verified"].ShouldBe("True");
        Pending(changed).GetProperty(field).GetRawText().ShouldBe(value);
        var seen = await Seen();
        (seen[field], seen["verified"], seen["bio"]).ShouldBe((before, "True", "New."));
        seen.Text.ShouldNotContain("pending");

        var accepted = (await Decide(new { verified = true })).Is(200);
        accepted.Text.ShouldNotContain("pending");
        (await Seen()).Body.GetProperty(field).GetRawText().ShouldBe(value);
        (await Events()).ShouldBe(["doctors.verified full_name specialization experience registration_number "
            + "registration_council", "doctors.verification_requested " + field, "doctors.verified " + field]);
    }

    [Fact]
    public async Task An_administrator_refuses_a_change_and_the_verified_values_stay()
    {
        (await Change("""{"specialization": "Cardiology"}""")).Is(200);
        var refused = (await Decide(new { accept_changes = false, reason = "No proof." })).Is(200);
        (refused["specialization"], refused["verified"], refused["verification_note"])
            .ShouldBe(("Rasayana", "True", "No proof."));
        (await _doctor.Http.Get("/api/doctors/profile")).Is(200).Text.ShouldNotContain("pending");
    }

    [Fact]
    public async Task A_change_back_to_the_verified_value_asks_for_nothing()
    {
        (await Change("""{"specialization": "Cardiology"}""")).Is(200);
        (await Change("""{"specialization": "Rasayana"}""")).Is(200).Text.ShouldNotContain("pending");
    }

    [Fact]
    public async Task A_withdrawn_verification_leaves_the_newest_values_unverified()
    {
        (await Change("""{"specialization": "Cardiology"}""")).Is(200);
        var withdrawn = (await Decide(new { verified = false })).Is(200);
        (withdrawn["specialization"], withdrawn["verified"]).ShouldBe(("Cardiology", "False"));
    }

    [Theory]
    [InlineData("MH-1", "MMC", 409)]
    [InlineData(" mh 1", "m.m.c.", 409)]
    [InlineData("ＭＨ-１", "MMC", 409)]
    [InlineData("MH-1", "KMC", 201)]
    [InlineData("MH-1", null, 201)]
    [InlineData("MH-2", "MMC", 201)]
    [InlineData(null, "MMC", 201)]
    public async Task A_registration_number_of_a_council_belongs_to_one_doctor(string? number, string? council,
        int status)
    {
        var reply = await Create(await _server.User("doctor"), number, council);
        reply.Is(status, status == 409 ? "one_doctor_per_registration" : null);
    }

    [Fact]
    public async Task A_change_to_another_doctors_registration_is_refused_verified_or_not()
    {
        var unverified = await WithProfile("MH-2", "MMC");
        (await unverified.Http.Patch("/api/doctors/profile", new { registration_number = "mh-1" }))
            .Is(409, "one_doctor_per_registration");
        (await Change("""{"registration_number": "MH 2"}""")).Is(409, "one_doctor_per_registration");
    }

    [Fact]
    public async Task A_registration_that_was_taken_while_the_change_waited_is_not_given_twice()
    {
        (await Change("""{"registration_number": "MH-3"}""")).Is(200);
        await WithProfile("MH-3", "MMC");
        (await Decide(new { verified = true })).Is(409, "one_doctor_per_registration");
        (await Seen())["registration_number"].ShouldBe("MH-1");
    }

    static JsonElement Pending(Reply reply) => reply.Body.GetProperty("pending_changes");

    async Task<TestUser> WithProfile(string number, string council)
    {
        var doctor = await _server.User("doctor", "Asha Rao");
        (await Create(doctor, number, council)).Is(201);
        return doctor;
    }

    static Task<Reply> Create(TestUser doctor, string? number, string? council) => doctor.Http.Post(
        "/api/doctors/profile", new
        {
            full_name = "Asha Rao", specialization = "Rasayana", experience = 3, bio = "x",
            registration_number = number, registration_council = council,
        });

    Task<Reply> Change(string body) => _doctor.Http.Patch("/api/doctors/profile", body);

    Task<Reply> Decide(object decision) =>
        _admin.Http.Post($"/api/admin/doctors/{_doctor.Id}/verification", decision);

    async Task<Reply> Seen() => (await _server.Anonymous().Get($"/api/doctors/{_doctor.Id}")).Is(200);

    Task<List<string>> Events() => _server.Owner.Statement("""
        select action || ' ' || array_to_string(array(select jsonb_array_elements_text(details -> 'fields')), ' ')
          from audit.events where entity_id = $1 and action like 'doctors.%' order by position
        """).With(_doctor.Id).List(row => row.GetString(0));
}

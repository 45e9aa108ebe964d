using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Doctors.Profiles;

public sealed class VerificationTests(TestCluster cluster) : IAsyncLifetime
{
    TestServer _server = null!;
    TestUser _admin = null!, _doctor = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(await cluster.NewDatabase(), "--Doctors:RequireVerification=true");
        _admin = await _server.User("admin");
        _doctor = await _server.User("doctor", "Asha Rao");
        var profile = new { specialization = "Rasayana", experience = 3, bio = "x", registration_number = "MH-1" };
        (await _doctor.Http.Post("/api/doctors/profile", profile)).Is(201);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    string Verification => $"/api/admin/doctors/{_doctor.Id}/verification";

    [Fact]
    public async Task A_doctor_is_seen_from_verification_until_it_is_withdrawn()
    {
        (await Seen()).ShouldBeFalse();
        (await _admin.Http.Post(Verification)).Is(200)["verified"].ShouldBe("True");
        (await Seen()).ShouldBeTrue();
        (await _admin.Http.Post(Verification, new { verified = false, reason = "The number is another's." })).Is(200)
            ["verified"].ShouldBe("False");
        (await Seen()).ShouldBeFalse();
        (await _doctor.Http.Get("/api/doctors/profile")).Is(200)["verification_note"]
            .ShouldBe("The number is another's.");
        (await Events()).ShouldBe(
            ["profiles.created doctor", "doctors.verified admin", "doctors.verification_withdrawn admin"]);
        (await _server.Owner.Statement("select count(*) from audit.events where details::text like '%another%'")
            .Value<long>()).ShouldBe(0);
    }

    [Fact]
    public async Task Verifying_twice_is_one_event()
    {
        (await _admin.Http.Post(Verification, new { verified = true })).Is(200);
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _admin.Http.Post(Verification)));
        foreach (var reply in replies) reply.Is(200)["verified"].ShouldBe("True");
        (await Events()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Only_an_administrator_verifies_and_only_a_doctor_is_verified()
    {
        (await _server.Anonymous().Post(Verification)).Is(401);
        (await _doctor.Http.Post(Verification)).Is(403);
        (await _admin.Http.Post($"/api/admin/doctors/{_admin.Id}/verification")).Is(404);
        (await _admin.Http.Post(Verification, new { verified = false, reason = new string('x', 501) })).Is(422);
        (await _admin.Http.Post(Verification, """{"verified": "yes"}""")).Is(400);
    }

    [Theory]
    [InlineData("registration_number", "MH-2", true)]
    [InlineData("full_name", "Usha Rao", true)]
    [InlineData("registration_number", "MH-1", false)]
    [InlineData("bio", "Treats skin.", false)]
    public async Task Another_name_or_number_asks_for_verification_again(string field, string value, bool asks)
    {
        (await _admin.Http.Post(Verification)).Is(200);
        (await _doctor.Http.Patch("/api/doctors/profile", new Dictionary<string, string> { [field] = value })).Is(200)
            ["verified"].ShouldBe("True");
        (await Seen()).ShouldBeTrue();
        (await Events()).Contains("doctors.verification_requested doctor").ShouldBe(asks);
    }

    [Theory]
    [InlineData("suspended_at = now()")]
    [InlineData("role = 'patient'")]
    public async Task A_doctor_who_may_not_practise_any_more_is_not_listed(string change)
    {
        (await _admin.Http.Post(Verification)).Is(200);
        await _server.Owner.Statement($"update identity.users set {change} where id = $1").With(_doctor.Id).Execute();
        (await Seen()).ShouldBeFalse();
    }

    /// <summary>Whether the directory lists the doctor. Every route must agree.</summary>
    async Task<bool> Seen()
    {
        var anyone = _server.Anonymous();
        var alone = (await anyone.Get($"/api/doctors/{_doctor.Id}")).Status == 200;
        foreach (var query in new[] { "", "?sort=soonest", "?sort=fee", "?sort=experience", "?q=rasayana",
            "?specialization=rasayana&sort=soonest" })
            (await anyone.Get("/api/doctors" + query)).Is(200).Text
                .Contains(_doctor.Id.ToString(), StringComparison.Ordinal).ShouldBe(alone, query);
        return alone;
    }

    async Task<List<string>> Events() => await _server.Owner.Statement("""
        select action || ' ' || actor_role from audit.events
         where entity = 'doctor' and entity_id = $1 and action <> 'profiles.changed' order by position
        """).With(_doctor.Id).List(row => row.GetString(0));
}

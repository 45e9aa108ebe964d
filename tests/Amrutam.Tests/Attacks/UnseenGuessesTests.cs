using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Attacks;

/// <summary>The attacker guesses and probes without a trace, or fills the log.</summary>
public sealed class UnseenGuessesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    /// <summary>The counts of the events. Waits until there are at least <paramref name="least"/>.</summary>
    Task<List<int>> Counts(string action, Guid? account, int least) => Waiting.First(
        () => Server.Owner.Statement("""
            select (details ->> 'count')::int from audit.events
             where action = $1 and entity_id is not distinct from $2 order by position
            """).With(action).With(account).List(row => row.GetInt32(0)),
        counts => counts.Count >= least);

    [Fact]
    public async Task Failed_sign_ins_leave_the_first_and_every_tenfold_one()
    {
        var person = await Person.SignUp(Server);
        for (var i = 0; i < 12; i++) (await person.TryToSignIn("wrong-guess-1")).Is(401);
        (await Counts("sign_ins.refused", person.Id, 2)).ShouldBe([1, 10]);
    }

    [Fact]
    public async Task Sign_ins_to_unknown_addresses_share_a_count_that_names_nobody()
    {
        foreach (var name in new[] { "one", "two", "three" })
            (await Server.Anonymous().Post("/api/auth/login",
                new { email = name + "-unknown@example.org", password = "wrong-guess-1" })).Is(401);
        (await Counts("sign_ins.refused", null, 1)).ShouldBe([1]);
    }

    [Fact]
    public async Task Wrong_codes_leave_an_event()
    {
        var person = await Person.SignUp(Server);
        await person.Enrol();
        for (var i = 0; i < 3; i++) (await person.TryToSignIn(totp: "000000")).Is(401);
        (await Counts("codes.refused", person.Id, 1)).ShouldBe([1]);
    }

    [Fact]
    public async Task Forbidden_requests_leave_an_event_of_their_caller()
    {
        var patient = await Server.User("patient");
        for (var i = 0; i < 12; i++) (await patient.Http.Get("/api/admin/users")).Is(403, "role_may_not");
        (await Counts("requests.forbidden", patient.Id, 2)).ShouldBe([1, 10]);
        (await Server.Owner.Statement("""
            select bool_and(actor_id = entity_id and actor_role = 'patient') from audit.events
             where action = 'requests.forbidden' and entity_id = $1
            """).With(patient.Id).Value<bool>()).ShouldBeTrue();
    }
}

using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Identity.Sessions;

public sealed class OwnSessionsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    static IEnumerable<JsonElement> Items(Reply reply) => reply.Is(200).Body.GetProperty("items").EnumerateArray();

    [Fact]
    public async Task A_person_sees_their_sessions_and_which_is_the_present_one()
    {
        var person = await Person.SignUp(fixture.Server);
        await person.Elsewhere();
        var sessions = Items(await person.Http.Get("/api/me/sessions")).ToList();
        sessions.Count.ShouldBe(2);
        sessions.Count(s => s.GetProperty("current").GetBoolean()).ShouldBe(1);
        var other = sessions.Single(s => !s.GetProperty("current").GetBoolean());
        other.GetProperty("device").GetString().ShouldBe("Firefox on Linux");
        other.GetProperty("network").GetString().ShouldBe("127.0.0.0/24");
    }

    [Fact]
    public async Task A_person_ends_one_session()
    {
        var person = await Person.SignUp(fixture.Server);
        var elsewhere = await person.Elsewhere();
        var other = Items(await person.Http.Get("/api/me/sessions"))
            .Single(s => !s.GetProperty("current").GetBoolean());
        (await person.Http.Delete("/api/me/sessions/" + other.GetProperty("id").GetGuid())).Is(204);
        (await elsewhere.Get("/api/me")).Is(401);
        (await person.Http.Get("/api/me")).Is(200);
        (await person.Http.Delete("/api/me/sessions/" + other.GetProperty("id").GetGuid())).Is(404);
    }

    [Fact]
    public async Task A_person_ends_all_other_sessions()
    {
        var person = await Person.SignUp(fixture.Server);
        var others = new[] { await person.Elsewhere(), await person.Elsewhere() };
        (await person.Http.Delete("/api/me/sessions")).Is(204);
        foreach (var other in others) (await other.Get("/api/me")).Is(401);
        (await person.Http.Get("/api/me")).Is(200);
    }

    [Fact]
    public async Task Another_persons_session_is_answered_as_absent_and_goes_on()
    {
        var (mine, theirs) = (await fixture.Server.User("patient"), await Person.SignUp(fixture.Server));
        var id = Items(await theirs.Http.Get("/api/me/sessions")).Single().GetProperty("id").GetGuid();
        var refused = (await mine.Http.Delete("/api/me/sessions/" + id)).Is(404);
        var absent = (await mine.Http.Delete("/api/me/sessions/" + Guid.CreateVersion7())).Is(404);
        refused["title"].ShouldBe(absent["title"]);
        (await theirs.Http.Get("/api/me")).Is(200);
    }

    [Fact]
    public async Task Each_end_is_one_event()
    {
        var person = await Person.SignUp(fixture.Server);
        await person.Elsewhere();
        await person.Http.Delete("/api/me/sessions");
        await person.Http.Post("/api/auth/logout");
        var reasons = await fixture.Server.Owner.Statement("""
            select details ->> 'because' from audit.events
               where action = 'sessions.ended' and actor_id = $1 order by position
            """).With(person.Id).List(row => row.GetString(0));
        reasons.ShouldBe(["ended_by_owner", "signed_out"]);
    }
}

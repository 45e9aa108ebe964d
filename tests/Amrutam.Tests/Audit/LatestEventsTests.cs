using Amrutam.Audit.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Audit;

public sealed class LatestEventsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const int Most = 8;

    [Fact]
    public async Task A_readers_own_sign_ins_do_not_fill_the_list_and_those_of_others_do()
    {
        var server = fixture.Server;
        var (admin, other) = (await server.User("admin"), await server.User("admin"));
        await server.Owner.Statement("""
            insert into audit.events (actor_id, actor_role, action, entity, entity_id)
            select $1, 'admin', 'sessions.begun', 'session', gen_random_uuid() from generate_series(1, $2)
            """).With(admin.Id).With(Most).Execute();
        var log = server.App.Services.GetRequiredService<EventLog>();
        (await log.Newest(Most, other.Id, default)).ShouldAllBe(e => e.Action == "sessions.begun");
        (await log.Newest(Most, admin.Id, default)).ShouldNotContain(e => e.Action == "sessions.begun");
    }
}

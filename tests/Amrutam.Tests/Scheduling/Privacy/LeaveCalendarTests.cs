using Amrutam.Identity.Privacy;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Scheduling.Privacy;

public sealed class LeaveCalendarTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task Cancellations_by_the_erasure_have_the_system_as_their_actor()
    {
        var (doctor, leaving, patient) =
            (await Server.Doctor(), await Server.Doctor(), await Server.User("patient"));
        var own = (await patient.Book(await doctor.Slot(1))).Is(201).Id;
        var others = (await (await Server.User("patient")).Book(await leaving.Slot(1))).Is(201).Id;
        // As if both bookings had been made after the accounts were closed.
        await Server.Owner.Statement("update identity.users set deletion_due_at = now() where id = any($1)")
            .With(new[] { patient.Id, leaving.Id }).Execute();
        await Server.App.Services.GetRequiredService<EraseAccounts>().EraseDue(CancellationToken.None);
        foreach (var booking in new[] { own, others })
            (await Server.Owner.Statement("""
                select b.cancelled_by, s.actor_role, s.actor_id, e.actor_role, e.actor_id
                  from scheduling.bookings b
                  join scheduling.booking_steps s on s.booking_id = b.id
                  join audit.events e on e.entity_id = b.id and e.action = 'bookings.cancelled'
                 where b.id = $1
                """).With(booking).List(row => (row.GetString(0), row.GetString(1), row.IsDBNull(2), row.GetString(3),
                    row.IsDBNull(4)))).ShouldBe([("system", "system", true, "system", true)]);
    }

    [Fact]
    public async Task Cancellations_by_closing_the_account_have_the_person_as_their_actor()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(2))).Is(201).Id;
        (await patient.Http.Send(HttpMethod.Delete, "/api/me", new { })).Is(202);
        (await Server.Owner.Statement("select actor_role, actor_id from scheduling.booking_steps where booking_id = $1")
            .With(booking).List(row => (row.GetString(0), row.GetGuid(1)))).ShouldBe([("patient", patient.Id)]);
    }
}

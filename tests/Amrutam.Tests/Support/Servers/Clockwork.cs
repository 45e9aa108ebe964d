using Amrutam.Platform.Data;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.Waitlist;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Support.Servers;

/// <summary>Moves times in the database into the past, in place of waiting.</summary>
static class Clockwork
{
    /// <summary>Moves the booking's start a minute into the past.</summary>
    public static Task Begin(this TestServer server, Guid booking) => server.StartIn(booking, -1);

    /// <summary>Moves the booking's start so near that its visit is open.</summary>
    public static Task Approach(this TestServer server, Guid booking) => server.StartIn(booking, 30);

    /// <summary>Moves the booking's start that many minutes ahead.</summary>
    public static Task StartIn(this TestServer server, Guid booking, int minutes) => server.Owner.Statement("""
        with b as (update scheduling.bookings set starts_at = now() + make_interval(mins => $2),
                          ends_at = now() + make_interval(mins => $2 + 20) where id = $1 returning *)
        update scheduling.slots s set starts_at = b.starts_at, ends_at = b.ends_at from b where s.id = b.slot_id
        """).With(booking).With(minutes).Execute();

    /// <summary>Ends the slot's hold, a patient's own or an offer.</summary>
    public static Task EndHold(this TestServer server, Guid slot) => server.Owner.Statement("""
        with o as (update scheduling.waitlist_offers set expires_at = now() - interval '1 second'
                    where slot_id = $1 and outcome is null),
             h as (update scheduling.recent_holds set ended_at = now() - interval '1 second' where slot_id = $1)
        update scheduling.slots set held_until = now() - interval '1 second' where id = $1 and held_until is not null
        """).With(slot).Execute();

    /// <summary>Ends every hold and every offer.</summary>
    public static Task EndHolds(this TestServer server) => server.Owner.Statement("""
        with o as (update scheduling.waitlist_offers set expires_at = now() - interval '1 second'
                    where outcome is null),
             h as (update scheduling.recent_holds set ended_at = now() - interval '1 second')
        update scheduling.slots set held_until = now() - interval '1 second'
         where held_until is not null and booking_id is null
        """).Execute();

    /// <summary>Ends the time for an answer to the request.</summary>
    public static Task EndRequest(this TestServer server, Guid booking) => server.Owner.Statement("""
        with b as (update scheduling.bookings set expires_at = now() - interval '1 second' where id = $1 returning *)
        update scheduling.slots s set held_until = b.expires_at from b where s.id = b.slot_id
        """).With(booking).Execute();

    /// <summary>Runs the job that releases expired slots.</summary>
    public static Task PassOn(this TestServer server) =>
        server.App.Services.GetRequiredService<ReleaseExpiredSlots>().Run();

    /// <summary>Runs the job that generates slots until no calendar is due. The server's own job may work on
    /// some.</summary>
    public static async Task MakeSlotsAhead(this TestServer server)
    {
        var job = server.App.Services.GetRequiredService<GenerateSlots>();
        do await job.MakeAll(CancellationToken.None);
        while (await server.Owner.Statement("select exists (select from scheduling.due_calendars)").Value<bool>());
    }
}

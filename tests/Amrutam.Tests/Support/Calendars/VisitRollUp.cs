using Amrutam.Analytics.Visits;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>The counted visits beside a count of the bookings themselves.</summary>
static class VisitRollUp
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Applies every event again from the first.</summary>
    public static Task<long> ReplayVisits(this TestServer server) =>
        ReplayEvents.Run(server.App.Services.GetRequiredService<Npgsql.NpgsqlDataSource>(),
            server.App.Services.GetServices<IReadEvents>().OfType<CountVisits>().Single(), 1);

    /// <returns>The number of bookings.</returns>
    public static async Task<long> VisitsShouldBeCounted(this TestServer server)
    {
        (await server.App.Services.GetRequiredService<EventReader<CountVisits>>()
            .CatchUp(Patience, CancellationToken.None)).ShouldBeTrue();
        (await server.Owner.Statement("select count(*) from platform.parked_events where reader = 'visits'")
            .Value<long>()).ShouldBe(0);
        (await server.Owner.Statement(Different).List(row => row.GetString(0))).ShouldBeEmpty();
        return await server.Owner.Statement("select count(*) from scheduling.bookings").Value<long>();
    }

    const string Different = """
        with booked as (
            select (b.starts_at at time zone p.time_zone)::date as day, b.doctor_id,
                   case b.status when 'no_show' then 'missed' when 'cancelled' then 'cancelled'
                        when 'declined' then 'declined' when 'expired' then 'expired' else 'kept' end as outcome,
                   count(*) as n
              from scheduling.bookings b join doctors.profiles p on p.id = b.doctor_id group by 1, 2, 3)
        select concat_ws(' ', day, doctor_id, outcome, b.n, 'counted', d.n)
          from booked b full join (select * from analytics.visit_days where n <> 0) d using (day, doctor_id, outcome)
         where b.n is distinct from d.n
        """;
}

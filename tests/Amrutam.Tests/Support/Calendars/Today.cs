using System.Globalization;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>Slots of today, for the front desk.</summary>
static class Today
{
    /// <summary>A zone in which it is about noon, so that the hours around now are of one day.</summary>
    public static string ZoneAtNoon
    {
        get
        {
            // The sign of these zones is that of the way to UTC.
            var toUtc = SystemClock.Instance.GetCurrentInstant().InUtc().Hour - 12;
            return "Etc/GMT" + toUtc.ToString("+0;-0", CultureInfo.InvariantCulture);
        }
    }

    public static Task<TestUser> DoctorAtNoon(this TestServer server) => server.Doctor(ZoneAtNoon);

    /// <summary>An open slot of five minutes that begins so many minutes from now.</summary>
    public static async Task<Guid> SlotIn(this TestServer server, TestUser doctor, int minutes)
    {
        var slot = Guid.CreateVersion7();
        await server.Owner.Statement("""
            with made as (
                insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
                values ($1, $2, now() + make_interval(mins => $3), now() + make_interval(mins => $3 + 5))
             returning id, doctor_id)
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details)
            select doctor_id, 'doctor', 'slots.published', 'slot', id, '{"count": 1}' from made
            """).With(slot).With(doctor.Id).With(minutes).Execute();
        return slot;
    }
}

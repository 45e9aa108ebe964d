using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Slots;

/// <summary>Slots of the tests, at a time in SQL, because the database's clock decides which times are past.</summary>
static class SlotsOfTests
{
    sealed record Made(DateTime StartsAt);

    public static async Task<(Guid Id, DateTime StartsAt)> OpenSlot(
        this TestServer server, Guid doctor, string startsAt)
    {
        var id = Guid.CreateVersion7();
        var made = await server.Owner.Statement($"""
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
            select $1, $2, at, at + interval '30 minutes' from (select {startsAt} as at) t
            returning starts_at
            """).With(id).With(doctor).One(row => new Made(row.GetDateTime(0)));
        return (id, made!.StartsAt);
    }

    public static Task<int> SetSlot(this TestServer server, Guid slot, string assignment) =>
        server.Owner.Statement($"update scheduling.slots set {assignment} where id = $1").With(slot).Execute();
}

using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>Kinds of visit of one, two and three slots in the random workload.</summary>
sealed class WorkloadKinds(TestServer server)
{
    public const string BookLong = "book_long";

    const int Most = 3, SlotMinutes = 30;

    readonly List<Guid> _kinds = [];
    readonly HashSet<Guid> _doctors = [];

    public async Task Offer(IEnumerable<TestUser> doctors)
    {
        for (var slots = 1; slots <= Most; slots++) _kinds.Add(await server.NewVisitType(slots * SlotMinutes));
        foreach (var doctor in doctors)
        {
            (await doctor.OfferKinds([.. _kinds])).Is(200);
            _doctors.Add(doctor.Id);
        }
    }

    /// <returns>The name of the wish and the request for the slot. Its visit has a random kind, or the default
    /// one.</returns>
    public (string Wish, object Request) Booking(TestUser doctor, Guid slot, int way)
    {
        Guid? kind = _doctors.Contains(doctor.Id) && way % (Most + 1) is > 0 and var slots ? _kinds[slots - 1] : null;
        return (kind is null || kind == _kinds[0] ? "book" : BookLong, new { slot_id = slot, visit_type_id = kind });
    }
}

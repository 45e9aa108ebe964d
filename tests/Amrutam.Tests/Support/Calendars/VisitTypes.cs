using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>Kinds of visit through the API.</summary>
static class VisitTypes
{
    /// <summary>A first visit by video, with other members where <paramref name="changes"/> has them.</summary>
    public static Dictionary<string, object?> Visit(int minutes = 30, params (string Member, object? Value)[] changes)
    {
        var type = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["name"] = $"Visit of {minutes} minutes", ["minutes"] = minutes, ["mode"] = "video", ["first"] = true,
            ["fee_minor"] = 50_000,
        };
        foreach (var (member, value) in changes) type[member] = value;
        return type;
    }

    public static async Task<Guid> NewVisitType(this TestServer server, int minutes = 30,
        params (string Member, object? Value)[] changes) =>
        (await (await server.User("admin")).Http.Post("/api/admin/visit-types", Visit(minutes, changes))).Is(201).Id;

    public static async Task ChangeVisitType(this TestServer server, Guid type, object changes) =>
        (await (await server.User("admin")).Http.Patch($"/api/admin/visit-types/{type}", changes)).Is(200);

    /// <summary>A completed visit of half an hour.</summary>
    public static Task<int> PastVisit(this TestServer server, Guid doctor, Guid patient, int daysAgo) => server.Owner
        .Statement("""
            with s as (
                insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
                select gen_random_uuid(), $1, at, at + interval '30 minutes'
                  from (select now() - make_interval(days => $3) + random() * interval '1 hour' as at) t
                returning *),
            b as (
                insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, status)
                select gen_random_uuid(), id, $1, $2, starts_at, ends_at, 'completed' from s returning *)
            select count(*) from b
            """).With(doctor).With(patient).With(daysAgo).Execute();

    /// <summary>Replaces the kinds that the doctor offers, the default first.</summary>
    public static Task<Reply> OfferKinds(this TestUser doctor, params Guid[] types) =>
        doctor.OfferKinds([.. types.Select(type => (object)new { visit_type_id = type })]);

    public static Task<Reply> OfferKinds(this TestUser doctor, params object[] items) =>
        doctor.Http.Put("/api/doctors/visit-types", new { items });
}

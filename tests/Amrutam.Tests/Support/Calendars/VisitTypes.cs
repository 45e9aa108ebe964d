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

    /// <summary>Replaces the kinds that the doctor offers, the default first.</summary>
    public static Task<Reply> OfferKinds(this TestUser doctor, params Guid[] types) =>
        doctor.OfferKinds([.. types.Select(type => (object)new { visit_type_id = type })]);

    public static Task<Reply> OfferKinds(this TestUser doctor, params object[] items) =>
        doctor.Http.Put("/api/doctors/visit-types", new { items });
}

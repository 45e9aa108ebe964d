using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>A patient, a doctor with one slot, and another doctor: the scene in which a route asks for the
/// slot.</summary>
/// <param name="Specialization">A specialization of this doctor only, so that "any doctor" selects this one.</param>
sealed record SlotScene(TestServer Server, TestUser Doctor, TestUser Elsewhere, TestUser Patient, Guid Slot,
    string Specialization)
{
    public static async Task<SlotScene> Make(TestServer server)
    {
        var specialization = "S" + Guid.CreateVersion7().ToString("n");
        var doctor = await server.Doctor(specialization: specialization);
        return new(server, doctor, await server.Doctor(), await server.User("patient"), await doctor.Slot(1),
            specialization);
    }
}

/// <summary>Every route by which a patient asks for a slot.</summary>
static class SlotRoutes
{
    public const string Book = "book", Hold = "hold", Move = "move", Series = "series", Accept = "accept an offer",
        Any = "any doctor", Join = "join the waiting list";

    /// <summary>Prepares the route while every rule holds.</summary>
    /// <returns>A call that asks for the slot and returns the code of the problem, or null.</returns>
    public static async Task<Func<Task<string?>>> Prepare(string route, SlotScene scene)
    {
        var (http, slot) = (scene.Patient.Http, scene.Slot);
        switch (route)
        {
            case Book:
                return async () => (await scene.Patient.Book(slot)).Code;
            case Hold:
                return async () => (await http.Post($"/api/slots/{slot}/hold")).Code;
            case Move:
                var booking = (await scene.Patient.Book(await scene.Elsewhere.Slot(200))).Is(201).Id;
                return async () => (await http.Post($"/api/bookings/{booking}/move",
                    new { slot_id = slot, to_other_doctor = true })).Code;
            case Series:
                return async () => (await http.Post("/api/bookings/series", new { slot_id = slot, occurrences = 2 }))
                    .Is(409, "series_is_not_possible").Body.GetProperty("report")[0].GetProperty("outcome").GetString();
            case Accept:
                var entry = (await JoinFor(scene)).Is(201);
                entry["status"].ShouldBe("offered");
                return async () => (await http.Post($"/api/waitlist/{entry.Id}/acceptance")).Code;
            case Join:
                return async () => (await JoinFor(scene)).Code;
            default:
                return async () => (await http.Post("/api/bookings", new
                {
                    specialization = scene.Specialization,
                    starts_at = Calendar.Start.Plus(Duration.FromMinutes(30)).ToString(),
                })).Code;
        }
    }

    static Task<Reply> JoinFor(SlotScene scene) => scene.Patient.Http.Post("/api/waitlist", new
    {
        doctor_id = scene.Doctor.Id, to = Calendar.Start.Plus(Duration.FromDays(1)).ToString(),
    });
}

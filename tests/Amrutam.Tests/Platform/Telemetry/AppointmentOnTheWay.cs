using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Platform.Telemetry;

/// <summary>Sends appointments through a running server, with a mark in each free text.</summary>
static class AppointmentOnTheWay
{
    /// <param name="twin">A server over the same database that makes the people and issues their tokens.</param>
    public static async Task Walk(HttpClient client, TestServer twin, string mark)
    {
        var (doctor, patient) = (await twin.Doctor(), await twin.User("patient", mark));
        var admin = await twin.User("admin");
        var slots = new List<Guid>();
        for (var hour = 8; hour < 14; hour++)
            slots.Add((await Send(client, doctor, HttpMethod.Post, "/api/slots", new
            {
                starts_at = $"2031-05-05T{hour:00}:00:00Z", ends_at = $"2031-05-05T{hour:00}:30:00Z",
            })).Id);
        foreach (var path in new[] { "", "/slots", "/policy", "/explanation?at=2031-05-05T08:00:00Z" })
            await Send(client, patient, HttpMethod.Get, $"/api/doctors/{doctor.Id}{path}");
        await Send(client, doctor, HttpMethod.Get, $"/api/slots/{slots[0]}");
        await Send(client, doctor, HttpMethod.Delete, $"/api/slots/{slots[5]}");

        await Send(client, patient, HttpMethod.Post, $"/api/slots/{slots[0]}/hold");
        await Send(client, patient, HttpMethod.Delete, $"/api/slots/{slots[0]}/hold");
        var booking = "/api/bookings/" + (await Send(client, patient, HttpMethod.Post, "/api/bookings", new
        {
            slot_id = slots[0], reason = mark,
        })).Id;
        foreach (var reader in new[] { patient, doctor })
            foreach (var path in new[] { booking, booking + "/history" })
                await Send(client, reader, HttpMethod.Get, path);
        await Send(client, patient, HttpMethod.Post, booking + "/move", new { slot_id = slots[1] });
        await Send(client, patient, HttpMethod.Post, booking + "/cancellation", new { reason = mark });

        var entry = "/api/waitlist/" + (await Send(client, patient, HttpMethod.Post, "/api/waitlist", new
        {
            doctor_id = doctor.Id, from = "2031-06-05T00:00:00Z", to = "2031-06-06T00:00:00Z",
        })).Id;
        await Send(client, patient, HttpMethod.Get, entry);
        await Send(client, patient, HttpMethod.Delete, entry);
        await Send(client, admin, HttpMethod.Post, $"/api/admin/doctors/{doctor.Id}/verification", new
        {
            verified = false, reason = mark,
        });
        await Send(client, admin, HttpMethod.Patch, $"/api/admin/users/{patient.Id}", new { suspended = true });
    }

    static async Task<Reply> Send(HttpClient client, TestUser user, HttpMethod method, string path, object? body = null)
    {
        var answer = await client.Send(method, path, body,
            headers: ("Authorization", user.Http.DefaultRequestHeaders.Authorization!.ToString()));
        answer.Status.ShouldBeInRange(200, 299, $"{method} {path}: {answer.Text}");
        return answer;
    }
}

using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Inner;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Platform.Http.Inner;

/// <summary>Requests of pages to the API of their own process.</summary>
public sealed class InnerRequestTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    Task<InnerResponse> Send(CurrentUser? caller, HttpMethod method, string address, string? body = null)
    {
        var page = new DefaultHttpContext { RequestServices = Server.App.Services };
        if (caller is not null) page.Features.Set(caller);
        return Server.App.Services.GetRequiredService<InnerRequests>().Send(page, method, address,
            body is null ? null : System.Text.Encoding.UTF8.GetBytes(body));
    }

    [Theory]
    [InlineData(null, "/api/me", 401)]
    [InlineData("patient", "/api/me/holds", 200)]
    [InlineData("doctor", "/api/me/holds", 403)]
    [InlineData("patient", "/api/admin/stats", 403)]
    [InlineData("patient", "/api/none", 404)]
    [InlineData("patient", "/api/bookings?nonsense=1", 400)]
    public async Task A_page_may_what_its_person_may(string? role, string address, int status)
    {
        var user = await Server.User(role ?? "patient");
        var caller = role is null ? null : new CurrentUser(user.Id, role, Guid.CreateVersion7());
        (await Send(caller, HttpMethod.Get, address)).Status.ShouldBe(status);
    }

    /// <summary>The network can set a header but no feature.</summary>
    [Theory]
    [InlineData("InnerRequest")]
    [InlineData("X-Inner-Request")]
    public async Task A_client_cannot_send_one(string header)
    {
        var client = Server.Anonymous();
        client.DefaultRequestHeaders.Add(header, Guid.CreateVersion7().ToString());
        (await client.Get("/api/me")).Is(401);
    }

    [Fact]
    public async Task A_public_list_is_new_after_a_change_by_a_page()
    {
        var doctor = await Server.Doctor();
        var slot = await doctor.Slot();
        var address = $"/api/doctors/{doctor.Id}/slots";
        (await doctor.Http.Get(address)).Body.GetProperty("items").GetArrayLength().ShouldBe(1);
        var patient = await Server.User("patient");
        var booked = await Send(new CurrentUser(patient.Id, "patient", Guid.CreateVersion7()), HttpMethod.Post,
            "/api/bookings", $$"""{"slot_id": "{{slot}}"}""");
        booked.Status.ShouldBe(201);
        (await doctor.Http.Get(address)).Body.GetProperty("items").GetArrayLength().ShouldBe(0);
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Platform.Http;

/// <summary>The answers of every route to a malformed request.</summary>
public sealed class HttpTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Anything = "0193f7f2-5b1e-7c3a-9f2e-1f4b8c9d0e11";

    TestServer Server => fixture.Server;

    [Fact]
    public async Task An_unknown_path_is_404_for_everybody_and_asks_nobody_to_sign_in()
    {
        foreach (
            var path in (string[])["/nope", "/api/nope", "/api/bookings/nope", $"/api/bookings/{Anything}/nope",
            "/.env"])
            (await Server.Anonymous().Get(path)).Is(404, "not_found");
    }

    [Theory]
    [InlineData("/api-docs/index.html")]
    [InlineData("/API-docs/index.html")]
    public async Task The_page_to_try_the_API_on_is_served_to_everybody(string path)
    {
        var reply = await Server.Anonymous().Get(path);
        reply.Status.ShouldBe(200);
        reply.Text.ShouldContain("Amrutam API");
    }

    [Fact]
    public async Task The_short_address_of_that_page_leads_to_it()
    {
        var reply = await Server.Anonymous().Get("/api-docs");
        reply.Status.ShouldBe(301);
        reply.Header("Location").ShouldEndWith("api-docs/index.html");
    }

    [Fact]
    public async Task An_id_that_is_no_uuid_is_404()
    {
        var patient = await Server.User("patient");
        foreach (var id in (string[])["1", "x", Anything[1..], Anything + "0", "00000000", "%F0%9F%A9%BA"])
            (await patient.Http.Get("/api/bookings/" + id)).Is(404, "not_found");
    }

    [Fact]
    public async Task Another_method_is_405_and_says_which_are_allowed()
    {
        var reply = (await Server.Anonymous().Send(HttpMethod.Delete, "/health")).Is(405, "method_not_allowed");
        reply.Header("Allow").ShouldBe("GET, HEAD");
    }

    [Theory]
    [InlineData("text/html", 406)]
    [InlineData("image/*", 406)]
    [InlineData("application/xml;q=0.9, text/csv", 406)]
    [InlineData("*/*", 404)]
    [InlineData("application/*", 404)]
    [InlineData("text/html, application/json;q=0.5", 404)]
    public async Task An_answer_that_the_caller_cannot_read_is_406(string accept, int status)
    {
        var patient = await Server.User("patient");
        var reply = await patient.Http.Send(HttpMethod.Get, "/api/bookings/" + Anything, headers: ("Accept", accept));
        reply.Is(status).Header("Content-Type").ShouldBe("application/problem+json");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Another_media_type_is_415(string type)
    {
        var patient = await Server.User("patient");
        var body = new ByteArrayContent("{}"u8.ToArray());
        body.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        (await patient.Http.Send(HttpMethod.Post, "/api/bookings", body)).Is(415, "unsupported_media_type");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Ten_megabytes_are_413_announced_or_in_chunks(bool chunked)
    {
        var patient = await Server.User("patient");
        var tooLong = new string('x', 10_000_000);
        var body = new StringContent($$"""{"slot_id":"{{Anything}}","reason":"{{tooLong}}"}""", Encoding.UTF8,
            "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/bookings") { Content = body };
        request.Headers.TransferEncodingChunked = chunked;
        if (chunked) body.Headers.ContentLength = null;
        var answer = await patient.Http.SendAsync(request);
        answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("body_too_large");
    }

    [Fact]
    public async Task Just_under_the_limit_is_read()
    {
        var patient = await Server.User("patient");
        var padding = new string(' ', (128 * 1024) - 60);
        (await patient.Http.Post("/api/bookings", $$"""{"slot_id":"{{Anything}}"{{padding}}}""")).Is(404);
    }

    [Theory]
    [InlineData("", "A JSON body is required.")]
    [InlineData("null", "A JSON body is required.")]
    [InlineData("{", "The body is not valid JSON for this route.")]
    [InlineData("{\"slot_id\"", "The body is not valid JSON for this route.")]
    [InlineData("[]", "The body is not valid JSON for this route.")]
    [InlineData("\"text\"", "The body is not valid JSON for this route.")]
    [InlineData("{}", "Missing: slot_id")]
    [InlineData("{\"slot_id\":5}", "slot_id has a value of the wrong type or form")]
    [InlineData("{\"slot_id\":\"5\"}", "slot_id has a value of the wrong type or form")]
    [InlineData("{\"slot_id\":null}", "slot_id has a value of the wrong type or form")]
    [InlineData("{\"slot_id\":\"" + Anything + "\",\"status\":\"confirmed\"}", "status is not known here")]
    [InlineData("{\"slot_id\":\"" + Anything + "\",\"slot_id\":\"" + Anything + "\"}", "slot_id is there twice")]
    [InlineData("{\"Slot_Id\":\"" + Anything + "\"}", "Slot_Id is not known here")]
    [InlineData("{\"slot_id\":\"" + Anything + "\",}", "The body is not valid JSON for this route.")]
    [InlineData("{/* */\"slot_id\":\"" + Anything + "\"}", "The body is not valid JSON for this route.")]
    [InlineData("{\"slot_id\":\"" + Anything + "\",\"reason\":5}", "reason has a value of the wrong type or form")]
    [InlineData("{\"slot_id\":\"" + Anything
        + "\",\"reason\":\"\\ud800\"}", "reason has a value of the wrong type or form")]
    [InlineData("{\"slot_id\":\"" + Anything + "\"} x", "The body is not valid JSON for this route.")]
    public async Task Malformed_JSON_is_400_and_names_the_member_in_the_words_of_JSON(string body, string detail)
    {
        var patient = await Server.User("patient");
        (await patient.Http.Post($"/api/bookings/{Anything}/move", body)).Is(400, "malformed_request")["detail"]
            .ShouldBe(detail);
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_400()
    {
        var patient = await Server.User("patient");
        var begun = Encoding.UTF8.GetBytes($$"""{"slot_id":"{{Anything}}","reason":"x""");
        byte[] bytes = [.. begun, 0xC3, 0x28, .. "\"}"u8];
        var body = new ByteArrayContent(bytes) { Headers = { ContentType = new("application/json") } };
        (await patient.Http.Send(HttpMethod.Post, "/api/bookings", body)).Is(400, "malformed_request");
    }

    [Fact]
    public async Task U0000_is_422_in_a_body_and_in_a_query_and_refused_in_a_path()
    {
        var patient = await Server.User("patient");
        var reply = await patient.Http.Post("/api/bookings", $$"""{"slot_id":"{{Anything}}","reason":"a\u0000b"}""");
        reply.Is(422, "invalid_fields").Body.GetProperty("errors").GetProperty("reason").GetArrayLength().ShouldBe(1);
        (await patient.Http.Get($"/api/bookings?status=a%00b"))
            .Is(422, "invalid_fields").Text.ShouldContain("status");
        (await Raw("GET /api/bookings/a%00b HTTP/1.1\r\nHost: x\r\n\r\n")).ShouldStartWith("HTTP/1.1 400");
    }

    [Fact]
    public async Task Bytes_that_are_no_HTTP_are_refused_without_internals()
    {
        (await Raw("HELLO\r\n\r\n")).ShouldStartWith("HTTP/1.1 400");
        (await Raw("GET / HTTP/1.1\r\n\r\n")).ShouldStartWith("HTTP/1.1 400");
        (await Raw($"GET /{new string('x', 20_000)} HTTP/1.1\r\nHost: x\r\n\r\n")).ShouldStartWith("HTTP/1.1 414");
        (await Raw($"GET / HTTP/1.1\r\nHost: x\r\nX-A: {new string('x', 60_000)}\r\n\r\n"))
            .ShouldStartWith("HTTP/1.1 431");
    }

    [Fact]
    public async Task A_problem_has_a_trace_id_and_a_type_that_can_be_read()
    {
        var problem = (await Server.Anonymous().Get("/api/bookings/" + Anything)).Is(401, "not_signed_in");
        problem["trace_id"].Length.ShouldBe(32);
        problem.Header("Content-Type").ShouldBe("application/problem+json");
        problem.Header("WWW-Authenticate").ShouldBe("Bearer");
        var page = (await Server.Anonymous().Get(problem["type"])).Is(200);
        page.Text.ShouldContain("status 401");
        (await Server.Anonymous().Get("/problems/no_such_rule")).Is(404, "not_found");
    }

    [Theory]
    [InlineData("/health", 200)]
    [InlineData("/nope", 404)]
    [InlineData("/api/bookings/" + Anything, 401)]
    public async Task Every_answer_carries_the_security_headers_and_none_names_the_server(string path, int status)
    {
        var reply = (await Server.Anonymous().Send(HttpMethod.Get, path)).Is(status);
        reply.Header("X-Content-Type-Options").ShouldBe("nosniff");
        reply.Header("Referrer-Policy").ShouldBe("no-referrer");
        reply.Header("X-Frame-Options").ShouldBe("DENY");
        reply.Header("Content-Security-Policy")!.ShouldContain("default-src 'none'");
        reply.Header("Content-Security-Policy")!.ShouldContain("frame-ancestors 'none'");
        reply.Header("Cache-Control").ShouldBe("no-store");
        reply.Header("Server").ShouldBeNull();
        reply.Header("X-Powered-By").ShouldBeNull();
    }

    async Task<string> Raw(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(Server.Address.Host, Server.Address.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(socket.GetStream(), Encoding.ASCII);
        var buffer = new char[4096];
        var text = new string(buffer, 0, await reader.ReadAsync(buffer));
        text.ShouldNotContain("Exception");
        text.ShouldNotContain("Kestrel");
        return text;
    }
}

using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Modules;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Amrutam.Tests.Attacks;

/// <summary>The attacker wants an answer without the security headers: one that fails while a failure is
/// answered.</summary>
public sealed class UnprotectedAnswerTests(TestCluster cluster)
{
    /// <summary>Fails where the query says so: before the pipeline, in it, or in the answer to a failure.</summary>
    sealed class FailingModule : IModule
    {
        public string Name => "Failing";

        public string? Schema => null;

        public void Add(ModuleBuilder module) =>
            module.Services.Add(new(typeof(IProblemDetailsService), new FailingPage()));

        public void UseFirst(WebApplication app) => app.Use((http, next) => http.Request.Path == "/fail/first"
            ? throw new InvalidOperationException("before the pipeline") : next(http));

        public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/fail/answer", IResult () =>
            throw new InvalidOperationException("in a handler")).AllowAnonymous();
    }

    sealed class FailingPage : IProblemDetailsService
    {
        public ValueTask WriteAsync(ProblemDetailsContext context) => throw new InvalidOperationException("no page");

        public ValueTask<bool> TryWriteAsync(ProblemDetailsContext context) =>
            throw new InvalidOperationException("no page");
    }

    [Theory]
    [InlineData("/fail/first")]
    [InlineData("/fail/answer")]
    [InlineData("/nope")]
    public async Task The_answer_of_the_last_resort_has_the_headers_and_is_a_problem(string path)
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            [.. Program.Modules, new FailingModule()]);
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post])
        {
            var reply = (await server.Anonymous().Send(method, path)).Is(500, CommonProblems.Failed.Code);
            ShouldBeProtected(reply);
            reply.Header("Content-Type").ShouldBe("application/problem+json");
            reply["trace_id"].Length.ShouldBe(32);
            reply.Text.ShouldNotContain("Invalid");
        }
    }

    /// <summary>Over plain HTTP in Production a page with a form cannot have its cookie, which needs TLS.</summary>
    [Fact]
    public async Task In_Production_over_plain_HTTP_a_problem_keeps_its_status_and_the_headers()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(), "--environment=Production",
            "--Mail:Host=127.0.0.1", "--Logging:LogLevel:Default=None");
        var browser = server.Anonymous();
        browser.DefaultRequestHeaders.TryAddWithoutValidation("Accept", "text/html");
        var reply = (await browser.Get("/nope")).Is(404);
        ShouldBeProtected(reply);
        reply.Header("Content-Type")!.ShouldStartWith("text/html");
        reply.Header("Strict-Transport-Security").ShouldNotBeNull();
    }

    static void ShouldBeProtected(Reply reply)
    {
        reply.Header("X-Content-Type-Options").ShouldBe("nosniff");
        reply.Header("X-Frame-Options").ShouldBe("DENY");
        reply.Header("Referrer-Policy").ShouldBe("no-referrer");
        reply.Header("Content-Security-Policy")!.ShouldContain("default-src 'none'");
        reply.Header("Cache-Control").ShouldBe("no-store");
    }
}

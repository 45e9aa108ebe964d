using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Tidy.Documents;

/// <summary>The requests that docs/openapi.json shows as examples, sent to a server.</summary>
public sealed class ExampleRequestTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    // An example cannot contain a secret that only one server and one person know.
    static readonly string[] OfSecrets = ["invalid_token", "passkey_refused", "wrong_code"];

    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_request_that_is_sent_as_its_example_is_understood()
    {
        var wrong = new List<string>();
        foreach (var request in ExampleRequest.All())
        {
            var replies = new List<Reply>();
            foreach (var caller in await Callers())
                replies.Add(await caller.Send(request.Method, request.Address, request.Body));
            if (replies.TrueForAll(r => r.Status is 401 or 403 && r.Code is "not_signed_in" or "role_may_not"))
                wrong.Add($"{request}: nobody may");
            wrong.AddRange(replies.Where(r => r.Status == 400 || (r.Status == 422 && !OfSecrets.Contains(r.Code)))
                .Select(r => $"{request}: {r}"));
        }
        ExampleRequest.All().Count().ShouldBeGreaterThan(80);
        wrong.ShouldBeEmpty();
    }

    /// <summary>New callers for each request, because some requests end their caller's session or account.</summary>
    async Task<HttpClient[]> Callers() => [(await Server.User("patient")).Http, (await Server.Doctor()).Http,
        (await Server.User("admin")).Http];
}

using System.Text.Json.Nodes;
using Amrutam.Audit.Sealing;
using Amrutam.Tests.Support;
using Amrutam.Tests.Tidy;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Demo;

/// <summary>The page to try the API on, as a first visitor of the demo uses it.</summary>
public sealed class ExampleTests(DemoFixture demo) : IClassFixture<DemoFixture>
{
    const string Feed = "/calendars/{token}.ics";

    static readonly JsonNode Document = JsonNode.Parse(File.ReadAllText(Tree.Path("docs/openapi.json")))!;

    /// <summary>Sends each GET as the page does: with the examples of parameters, which it fills in.</summary>
    [Fact]
    public async Task Every_example_of_a_GET_is_answered_by_the_demo()
    {
        // The proof of an event needs a seal that covers it.
        await demo.Server.App.Services.GetRequiredService<SealLog>().Pass(default);
        var callers = new List<HttpClient> { demo.Server.Anonymous() };
        foreach (var email in DemoFixture.Named) callers.Add(await demo.SignedIn(email));
        var feed = new Uri((await callers[1].Post("/api/me/calendar-feeds", new { })).Is(201)["url"]).AbsolutePath;
        var failed = new List<string>();
        foreach (var (path, operations) in Document["paths"]!.AsObject())
        {
            if (operations!["get"] is not { } get) continue;
            var replies = new List<Reply>();
            // The token of a feed is a secret, so no example can be one.
            var filled = path == Feed ? feed : Filled(path, get);
            foreach (var caller in callers) replies.Add(await caller.Get(filled));
            if (!replies.Exists(reply => reply.Status == 200)) failed.Add($"{path}: {string.Join(" · ", replies)}");
        }
        failed.ShouldBeEmpty();
    }

    [Fact]
    public void A_parameter_that_need_not_be_given_is_not_filled_in() =>
        (from path in Document["paths"]!.AsObject()
         from operation in path.Value!.AsObject()
         from parameter in operation.Value!["parameters"]?.AsArray() ?? []
         where parameter!["example"] is not null && (bool?)parameter["required"] != true
         select $"{operation.Key} {path.Key}: {parameter["name"]}").ShouldBeEmpty();

    [Fact]
    public void The_groups_are_described_and_in_the_order_of_a_first_visit()
    {
        var tags = Document["tags"]!.AsArray();
        tags.Select(tag => (string)tag!["name"]!).ShouldBe(["Accounts", "Doctors", "Slots", "Bookings",
            "Patients", "Waiting list", "Availability", "Kinds of visit", "Calendars", "Messages", "Front desk",
            "Admin", "Health", "Problems", "Keys", "Security"]);
        tags.ShouldAllBe(tag => !string.IsNullOrWhiteSpace((string)tag!["description"]!));
    }

    static string Filled(string path, JsonNode get)
    {
        var query = new List<string>();
        foreach (var parameter in get["parameters"]?.AsArray() ?? [])
        {
            var (name, value) = ((string)parameter!["name"]!, parameter["example"]?.ToString());
            if (value is null) continue;
            if ((string)parameter["in"]! == "path")
                path = path.Replace($"{{{name}}}", value, StringComparison.Ordinal);
            else if ((string)parameter["in"]! == "query") query.Add($"{name}={Uri.EscapeDataString(value)}");
        }
        return query.Count == 0 ? path : path + "?" + string.Join('&', query);
    }
}

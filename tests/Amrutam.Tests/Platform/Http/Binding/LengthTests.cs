using System.Text.Json.Nodes;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Scheduling.VisitTypes;
using Amrutam.Tests.Platform.Http.Fuzzing;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.WebUtilities;

namespace Amrutam.Tests.Platform.Http.Binding;

/// <summary>Every bounded text of the API's description counts code points: as many emoji as it allows, and one
/// more.</summary>
public sealed class LengthTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Emoji = "\U0001F9D1", TooLong = "is longer than";

    // The limits of an address are bytes (RFC 5321), and an emoji alone is no address.
    const string Address = "email";

    sealed record Bounded(FuzzCase Request, string Name, int Max)
    {
        public FuzzCase With(int count)
        {
            var text = string.Concat(Enumerable.Repeat(Emoji, count));
            if (Request.Body is null || Request.Place == "query")
            {
                // A required parameter is there already, with its example.
                var target = Request.Target.Split('?', 2);
                var query = QueryHelpers.ParseQuery(target.ElementAtOrDefault(1));
                query[Name] = text;
                return Request with { Target = QueryHelpers.AddQueryString(target[0], query) };
            }
            var body = JsonNode.Parse(Request.Body)!.AsObject();
            body[Name] = text;
            // Instead of a specialization.
            if (Name == "specialization" && body.Remove("slot_id")) body["starts_at"] = "2030-01-07T04:00:00Z";
            return Request with { Body = body.ToJsonString() };
        }
    }

    [Fact]
    public async Task Every_bounded_text_has_room_for_so_many_emoji_and_not_for_one_more()
    {
        var document = JsonNode.Parse((await fixture.Server.Anonymous().Get("/openapi/v1.json")).Is(200).Text)!;
        var all = All(document).ToList();
        all.Count.ShouldBeGreaterThan(25);
        // A change of a kind is judged with the rest of its fields.
        var admin = new CurrentUser((await fixture.Server.User("admin")).Id, "admin", Guid.Empty);
        await fixture.Server.Owner.InTransaction(connection =>
            SaveVisitType.Save(connection, VisitTypeExamples.First, admin));
        foreach (var bounded in all)
        {
            var person = await Person(bounded);
            var fits = await bounded.With(bounded.Max).Send(person);
            fits.Text.ShouldNotContain(TooLong, customMessage: $"{bounded.Request} {bounded.Name}");
            fits.Status.ShouldNotBe(400, $"{bounded.Request} {bounded.Name} {fits.Text}");
            var exceeds = await bounded.With(bounded.Max + 1).Send(await Person(bounded));
            exceeds.Status.ShouldBe(422, $"{bounded.Request} {bounded.Name} {exceeds.Text}");
            exceeds.Text.ShouldContain($"{TooLong} {bounded.Max} characters",
                customMessage: $"{bounded.Request} {bounded.Name}");
        }
    }

    [Fact]
    public async Task A_text_of_the_longest_length_is_stored_whole()
    {
        var name = string.Concat(Enumerable.Repeat(Emoji, 200));
        var person = await fixture.Server.User("patient");
        (await person.Http.Patch("/api/me", new { full_name = name })).Is(200)["full_name"].ShouldBe(name);
        (await fixture.Server.Owner.Statement("select char_length(full_name) from identity.users where id = $1")
            .With(person.Id).Value<int>()).ShouldBe(200);
    }

    static IEnumerable<Bounded> All(JsonNode document)
    {
        foreach (var (path, operations) in document["paths"]!.AsObject())
            foreach (var (method, operation) in operations!.AsObject())
            {
                var harmless = new FuzzedOperation(document, path, method, operation!).Harmless;
                foreach (var parameter in operation!["parameters"]?.AsArray() ?? [])
                    if ((string?)parameter!["in"] == "query" && parameter["schema"]!["maxLength"] is { } max)
                        yield return new(harmless with { Place = "query" }, (string)parameter["name"]!, (int)max);
                var schema = operation["requestBody"]?["content"]?["application/json"]?["schema"];
                if (schema?["oneOf"] is JsonArray either) schema = either.First(s => s!["$ref"] is not null);
                if (schema?["$ref"] is { } reference)
                    schema = document["components"]!["schemas"]![((string)reference!).Split('/')[^1]];
                foreach (var (name, member) in schema?["properties"]?.AsObject() ?? [])
                    if (member!["maxLength"] is { } most && name != Address)
                        yield return new(harmless, name, (int)most);
            }
    }

    async Task<HttpClient> Person(Bounded bounded)
    {
        var path = bounded.Request.Target;
        if (path.StartsWith("/api/admin", StringComparison.Ordinal)) return (await fixture.Server.User("admin")).Http;
        if (path.StartsWith("/api/patients", StringComparison.Ordinal)
            || path.StartsWith("/api/desk", StringComparison.Ordinal))
            return (await fixture.Server.User("staff")).Http;
        if (path == "/api/doctors/profile" && bounded.Request.Method == "POST")
            return (await fixture.Server.User("doctor")).Http;
        return path == "/api/doctors/profile" || path.StartsWith("/api/availability", StringComparison.Ordinal)
            || path.EndsWith("/decline", StringComparison.Ordinal)
            || path.EndsWith("/declination", StringComparison.Ordinal)
            ? (await fixture.Server.Doctor()).Http : (await fixture.Server.User("patient")).Http;
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Platform.Http.Fuzzing;

/// <summary>Sends hostile requests to every operation of the API's description. None may fail, break the approved
/// contract or show internals.</summary>
/// <remarks>The requests follow from a seed, which a failure names. AMRUTAM_FUZZ is the number of requests and
/// AMRUTAM_FUZZ_SEED the seed of another run; <c>./x fuzz</c> sets both.</remarks>
public sealed partial class HostileInputTests(ServerFixture fixture, ITestOutputHelper output)
    : IClassFixture<ServerFixture>
{
    // Each part of each operation twice: some two thousand requests.
    const int OfEachPlace = 2, DefaultSeed = 20260101;

    // Each request waits for its answer, which leaves the processor to other tests.
    const int AtOnce = 4;

    // One fresh person serves for so many requests, because some operations end sessions and some close accounts.
    const int OfOnePerson = 20;

    static readonly string[] Roles = ["patient", "doctor", "admin"];

    readonly ConcurrentBag<string> _wrong = [];
    int _sent;

    [Fact]
    public async Task No_operation_fails_breaks_the_contract_or_shows_internals_on_hostile_input()
    {
        var (seed, wanted) = (Number("AMRUTAM_FUZZ_SEED") ?? DefaultSeed, Number("AMRUTAM_FUZZ") ?? 0);
        output.WriteLine($"AMRUTAM_FUZZ_SEED={seed}");
        var operations = await Operations();
        for (var round = 0; round == 0 || _sent < wanted && _wrong.IsEmpty; round++)
            await Parallel.ForEachAsync(operations.Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
                async (o, _) => await Fuzz(o.Item, new(unchecked(seed * 31 + o.Index * 7919 + round))));
        output.WriteLine($"{_sent} requests");
        _sent.ShouldBeGreaterThan(1000);
        _wrong.ShouldBeEmpty($"with AMRUTAM_FUZZ_SEED={seed}");
    }

    async Task<List<FuzzedOperation>> Operations()
    {
        var document = JsonNode.Parse((await fixture.Server.Anonymous().Get("/openapi/v1.json")).Is(200).Text)!;
        return [.. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()
            .Where(o => o.Key != "parameters").Select(o => new FuzzedOperation(document, path.Key, o.Key, o.Value!)))];
    }

    async Task Fuzz(FuzzedOperation operation, Random random)
    {
        var roles = await RolesThatMay(operation);
        if (roles.Count == 0) _wrong.Add($"{operation.Method} {operation.Path}: no role may, so nothing was sent");
        foreach (var role in roles)
        {
            var places = operation.Places().ToList();
            var cases = places.SelectMany(place => Enumerable.Range(0, OfEachPlace).Select(_ => place.Make(random)));
            foreach (var of in cases.Chunk(OfOnePerson))
            {
                var person = await Person(role, random);
                foreach (var sent in of)
                {
                    Interlocked.Increment(ref _sent);
                    if (await Violation(sent, person.Http) is { } what) _wrong.Add($"{sent} as {role}: {what}");
                }
            }
        }
    }

    /// <summary>The roles that the operation does not refuse; one role if the operation is public.</summary>
    async Task<IReadOnlyList<string>> RolesThatMay(FuzzedOperation operation)
    {
        if (operation.IsOpen) return Roles[..1];
        var may = new List<string>();
        foreach (var role in Roles)
        {
            var person = await fixture.Server.User(role);
            if ((await operation.Harmless.Send(person.Http)).Status != 403) may.Add(role);
        }
        return may;
    }

    Task<TestUser> Person(string role, Random random) => role == "doctor" && random.Next(2) == 0
        ? fixture.Server.Doctor() : fixture.Server.User(role);

    static async Task<string?> Violation(FuzzCase sent, HttpClient http)
    {
        try
        {
            return Violation(await sent.Send(http));
        }
        catch (Xunit.Sdk.XunitException outside)
        {
            return outside.Message;
        }
    }

    static string? Violation(Reply reply)
    {
        if (reply.Status >= 500) return $"{reply.Status} {reply.Text}";
        if (reply.Text.Length > 0 && Inside().Match(reply.Text) is { Success: true } leak)
            return $"shows \"{leak.Value}\"";
        if (reply.Status < 400) return null;
        // Kestrel refuses some paths itself, without a body.
        if (reply.Text.Length == 0) return reply.Status == 400 ? null : $"{reply.Status} without a problem";
        return reply.Header("Content-Type") == "application/problem+json" && reply.Code is not null
            && reply["trace_id"].Length == 32 ? null : $"{reply.Status} without a whole problem: {reply.Text}";
    }

    static int? Number(string variable) => int.TryParse(Environment.GetEnvironmentVariable(variable),
        CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(
        @"\bSystem\.|Npgsql|Microsoft\.|Amrutam\.|Exception| at .*\(|\bselect .* from\b|Int32|DateTime\b|NodaTime",
        RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Inside();
}

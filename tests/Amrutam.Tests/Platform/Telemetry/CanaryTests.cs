using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.OpenApi;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Platform.Telemetry;

/// <summary>Plants a mark in every text that a caller can send, through every route and every failure.</summary>
/// <remarks>Then it searches the log, the traces, the metrics, the events and the problems for the mark.</remarks>
public sealed partial class CanaryTests(TestCluster cluster) : IAsyncLifetime
{
    // No word has these letters in this order. The search ignores case, because addresses are stored in capitals.
    const string Mark = "zqwxmark";

    // A problem may name an unknown member that the caller sent. Nothing else may contain this word.
    const string Echoed = "zqwxecho";

    static readonly string[] FreeTexts = ["email", "password", "new_password", "full_name", "name", "reason", "bio",
        "note", "registration_number", "token", "refresh_token", "totp_code", "recovery_code", "code"];

    static readonly string[] Words = ["User-Agent", "Referer", "Accept-Language", "X-Forwarded-For", "Request-Id"];
    static readonly string[] Pairs = ["Cookie", "tracestate", "baggage"];

    // The walk mostly waits. More requests at once would slow the machine's other tests.
    const int AtOnce = 4;

    readonly ConcurrentBag<(string Asked, Reply Answer)> _answers = [];
    IReadOnlyList<string> _secrets = [];
    Collector _collector = null!;
    TestServer _twin = null!;
    ServerProcess _process = null!;
    HttpClient _client = null!, _operator = null!;
    JsonElement _description;

    /// <summary>The real program as in production, with every log line and every span. A twin in this process knows the
    /// routes and issues tokens.</summary>
    public async ValueTask InitializeAsync()
    {
        var database = await cluster.NewDatabase();
        _collector = await Collector.Start();
        _twin = await TestServer.Start(database, "--Logging:LogLevel:Default=None");
        var (port, management) = (Ports.Next(), Ports.Next());
        _process = ServerProcess.Start("serve", port,
            ("ASPNETCORE_ENVIRONMENT", "Production"), ("Http__DrainSeconds", "0"),
            ("ConnectionStrings__Amrutam", database.App), ("ConnectionStrings__Owner", database.Owner),
            ("Management__Url", $"http://127.0.0.1:{management}"), ("Logging__LogLevel__Default", "Debug"),
            ("Logging__LogLevel__Microsoft.AspNetCore", "Debug"), ("Logging__LogLevel__Npgsql", "Debug"),
            ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey), ("Identity__SecondFactorRoles", ""),
            ("Mail__Folder", Mailbox.Folder), ("Limits__SignUpsPerAddress", "0"), ("Limits__SignInsPerAddress", "0"),
            ("Limits__MailsPerAddress", "0"), ("Limits__SignInFailuresPerAccount", "0"),
            ("Http__TrustedProxies", "127.0.0.1"), ("Telemetry__OtlpEndpoint", _collector.Address),
            ("Telemetry__TraceRatio", "1"), ("Telemetry__OtlpSeconds", "1"));
        _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(1)
        };
        _operator = new() { BaseAddress = new($"http://127.0.0.1:{management}") };
        await _process.IsReady();
        _secrets = await SecretsOnTheWay.Collect(_client, database, Mark);
        await AppointmentOnTheWay.Walk(_client, _twin, Mark);
        _description = JsonDocument.Parse(await OpenApiDescription.Read(_twin.App)).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await _process.Kill();
        _process.Dispose();
        _client.Dispose();
        _operator.Dispose();
        await _twin.DisposeAsync();
        await _collector.DisposeAsync();
    }

    [Fact]
    public async Task No_text_of_a_caller_reaches_others_and_no_secret_reaches_anybody()
    {
        var routes = _twin.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(r => Methods(r).Select(method => (Route: r, Method: method))).ToList();
        await Parallel.ForEachAsync(routes, new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (r, _) => await Walk(r.Route, r.Method));
        var events = string.Join('\n', await _twin.Owner.Statement(ReadEvents).List(row => row.GetString(0)));
        await FailInTheDatabase(routes);
        var told = await AskForTheOperator();
        await _process.Stop();
        var log = await _process.Said();

        // The walk was complete: most routes succeeded and failed, and each request is in log, traces and metrics.
        // Routes that only failed need a letter, a passkey, a fresh proof or a visit that has begun.
        var all = routes.ConvertAll(r => $"{r.Method} {r.Route.RoutePattern.RawText}");
        var refused = all.Except(Passed(log)).Order(StringComparer.Ordinal).ToList();
        refused.Count.ShouldBeLessThan(all.Count / 2, string.Join(", ", refused));
        _answers.Where(IsProblemPage).ShouldNotBeEmpty("nobody was told of a problem in a page");
        _answers.Where(a => a.Answer.Status == 500).ShouldNotBeEmpty("no failure of the database was seen");
        log.Split('\n').Count(l => l.Contains("Amrutam.Platform.Http.RequestLog", StringComparison.Ordinal))
            .ShouldBeGreaterThanOrEqualTo(_answers.Count);
        _collector.Spans.Count(s => s.Scope == "Microsoft.AspNetCore").ShouldBeGreaterThan(100);
        events.ShouldContain("accounts.");

        string[] leaks = [.. Leaks("log", log), .. Leaks("traces and metrics sent", _collector.Everything),
            .. Leaks("management address", told), .. Leaks("events", events),
            .. Problems().SelectMany(p => Leaks("problem of " + p.Asked, p.Text, Mark)
                .Concat(SecretsIn("problem of " + p.Asked, p.Text))),
            .. SecretsIn("log", log), .. SecretsIn("traces and metrics sent", _collector.Everything),
            .. SecretsIn("management address", told), .. SecretsIn("events", events)];
        leaks.ShouldBeEmpty();
    }

    /// <summary>The routes that answered with a success, by the log.</summary>
    static IEnumerable<string> Passed(string log) => log.Split('\n')
        .Where(line => line.Contains("Amrutam.Platform.Http.RequestLog", StringComparison.Ordinal))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(line => line.TryGetProperty("status", out var status) && status.GetInt32() is >= 200 and < 400)
        .Select(line => $"{line.GetProperty("method")} {line.GetProperty("route")}");

    /// <summary>The answers without the address in a page's footer, which is the reader's own.</summary>
    IEnumerable<(string Asked, string Text)> Problems() => _answers
        .Where(a => a.Answer.Header("Content-Type") == "application/problem+json" || IsProblemPage(a))
        .Select(a => (a.Asked, WayBack().Replace(a.Answer.Text, "")));

    static bool IsProblemPage((string Asked, Reply Answer) answer) => ShownTrace().IsMatch(answer.Answer.Text);

    IEnumerable<string> SecretsIn(string where, string text) => _secrets.Index()
        .Where(secret => text.Contains(secret.Item, StringComparison.Ordinal))
        .Select(secret => $"{where}: secret {secret.Index}");

    /// <summary>Walks over the management address too.</summary>
    async Task<string> AskForTheOperator()
    {
        var told = new StringBuilder();
        foreach (var path in new[] { "/metrics", "/health", "/" + Mark, $"/health?{Mark}={Mark}" })
            foreach (var method in new[] { "GET", "POST", "X" + Mark })
            {
                var answer = await _operator.Send(new(method), path, method == "GET" ? null : Wrong.Text,
                    headers: [.. Words.Select(name => (name, Mark))]);
                told.Append(answer.Message).AppendLine(answer.Text);
            }
        told.ToString().ShouldContain("amrutam_build_info");
        return told.ToString();
    }

    async Task Walk(RouteEndpoint route, string method)
    {
        foreach (var body in Bodies(route, method))
            await Ask(route, method, await TokenFor(route), body, Path(route, Guid.CreateVersion7().ToString()));
        foreach (var token in new[] { await TokenFor(route), Mark, $"{Mark}.{Mark}.{Mark}" })
            await Ask(route, method, token, Wrong.Malformed, $"{Path(route, Mark)}?q={Mark}&cursor={Mark}&from={Mark}");
        await Ask(route, "X" + Mark, null, null, Path(route, Mark));
        await Ask(route, method, null, Wrong.Malformed, Path(route, Mark), accept: "text/html");
        await Fill(route);
    }

    /// <summary>Sends a form with the mark in all of its fields, then in each field. Each once with and once without a
    /// valid token.</summary>
    async Task Fill(RouteEndpoint route)
    {
        if (Forms.FieldsOf(route) is not { Count: > 0 } fields) return;
        var forms = new Forms(_client);
        var opened = await forms.Open();
        foreach (var marked in fields.Select((_, n) => (int?)n).Append(null))
            foreach (var form in new[] { opened, opened with { Token = Mark } })
                _answers.Add(($"POST {route.RoutePattern.RawText}", await forms.Send(Path(route, Mark), form,
                    $"{Mark}={Mark}", [.. fields.Select((name, n) => (name, marked is null || marked == n
                        ? Typed(name) : ""))])));
    }

    static string Typed(string field) =>
        field == "email" ? $"{Mark}{Guid.CreateVersion7():N}@example.org" : Mark + " copper lantern 42";

    /// <summary>Every write fails, and PostgreSQL quotes the whole row in its error.</summary>
    async Task FailInTheDatabase(List<(RouteEndpoint Route, string Method)> routes)
    {
        var tokens = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (route, _) in routes) tokens.TryAdd(Role(route) ?? "", await TokenFor(route));
        await QuotingDatabase.Make(_twin.Owner);
        foreach (var (route, method) in routes.Where(r => r.Method != "GET"))
            foreach (var body in Bodies(route, method).Take(2))
                await Ask(route, method, tokens[Role(route) ?? ""], body,
                    Path(route, Guid.CreateVersion7().ToString()));
    }

    async Task Ask(RouteEndpoint route, string method, string? token, string? body, string path,
        string accept = "application/json")
    {
        using var request = new HttpRequestMessage(new(method), path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", "https");
        if (body is not null) request.Content = new StringContent(body, null, "application/json");
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        foreach (var name in Words) request.Headers.TryAddWithoutValidation(name, Mark);
        foreach (var name in Pairs) request.Headers.TryAddWithoutValidation(name, $"{Mark}={Mark}");
        // The header would refuse a request that shall succeed.
        if (token is null || token.StartsWith(Mark, StringComparison.Ordinal))
            request.Headers.TryAddWithoutValidation("If-Match", Mark);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", Mark + Guid.CreateVersion7());
        using var answer = await _client.SendAsync(request);
        _answers.Add(($"{method} {route.RoutePattern.RawText}",
            new((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer)));
    }

    /// <summary>The described example, the example with the mark in each value and in all texts, and malformed
    /// bodies.</summary>
    IEnumerable<string?> Bodies(RouteEndpoint route, string method)
    {
        if (Example(route, method) is not { } example) return [null];
        var leaves = Leaves(JsonNode.Parse(example)!).Count();
        return
        [
            Marked(example, IsFreeText), example,
            .. Enumerable.Range(0, leaves).Select(n => Marked(example, (i, _) => i == n)),
            example.Insert(example.IndexOf('{', StringComparison.Ordinal) + 1, $"\"{Echoed}\":\"{Mark}\","),
            Wrong.Malformed, Wrong.Array, Wrong.Text,
        ];
    }

    static class Wrong
    {
        public const string Text = "\"" + Mark + "\"", Array = "[" + Text + "]", Malformed = "{\"email\": \"" + Mark;
    }

    static bool IsFreeText(int n, JsonValue leaf) =>
        leaf.Parent is JsonObject && leaf.GetValueKind() == JsonValueKind.String
        && FreeTexts.Contains(leaf.GetPropertyName());

    static string Marked(string example, Func<int, JsonValue, bool> which)
    {
        var body = JsonNode.Parse(example)!;
        foreach (var (n, leaf) in Leaves(body).Index().Where(l => which(l.Index, l.Item)).ToList())
            leaf.ReplaceWith(leaf.Parent is JsonObject && leaf.GetPropertyName() == "email"
                ? $"{Mark}{Guid.CreateVersion7():N}@example.org"
                : $"{Mark}, the {n}th of all");
        return body.ToJsonString();
    }

    static IEnumerable<JsonValue> Leaves(JsonNode node) => node switch
    {
        JsonObject members => members.Where(m => m.Value is not null).SelectMany(m => Leaves(m.Value!)),
        JsonArray items => items.Where(i => i is not null).SelectMany(i => Leaves(i!)),
        _ => [node.AsValue()],
    };

    string? Example(RouteEndpoint route, string method) =>
        _description.GetProperty("paths").TryGetProperty(
            Constraint().Replace(route.RoutePattern.RawText!, "").TrimEnd('/'), out var path)
        && path.TryGetProperty(method.ToLowerInvariant(), out var operation)
        && operation.TryGetProperty("requestBody", out var body)
            ? body.GetProperty("content").GetProperty("application/json").GetProperty("example").GetRawText()
            : null;

    static string Path(RouteEndpoint route, string id) => "/" + Parameter().Replace(
        route.RoutePattern.RawText!.TrimStart('/'), id);

    async Task<string?> TokenFor(RouteEndpoint route) => Role(route) switch
    {
        null => null,
        "doctor" => (await _twin.Doctor()).Http.DefaultRequestHeaders.Authorization!.Parameter,
        var role => (await _twin.User(role, Mark)).Http.DefaultRequestHeaders.Authorization!.Parameter,
    };

    static string? Role(RouteEndpoint route) => route.Metadata.GetOrderedMetadata<IAuthorizeData>()
        .Select(policy => policy.Policy == Allow.Doctor ? "doctor" : policy.Policy == Allow.Admin ? "admin" : "patient")
        .LastOrDefault();

    static IReadOnlyList<string> Methods(RouteEndpoint route) =>
        route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"];

    static IEnumerable<string> Leaks(string where, string text) =>
        Leaks(where, text, Mark).Concat(Leaks(where, text, Echoed));

    static IEnumerable<string> Leaks(string where, string text, string mark)
    {
        var at = text.IndexOf(mark, StringComparison.OrdinalIgnoreCase);
        if (at >= 0) yield return $"{where}: …{text[Math.Max(0, at - 200)..Math.Min(text.Length, at + 100)]}…";
    }

    const string ReadEvents = """
        select e::text from audit.events e union all select p::text from platform.parked_events p
        """;

    [GeneratedRegex("<span class=\"num\">[0-9a-f]{32}</span>", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ShownTrace();

    [GeneratedRegex("name=\"back\" value=\"[^\"]*\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WayBack();

    [GeneratedRegex(@":\w+(?=})", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Constraint();

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Parameter();
}

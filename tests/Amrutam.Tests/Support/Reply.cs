using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Amrutam.Tests.Support;

/// <summary>An answer to a client: status, headers and body.</summary>
sealed record Reply(int Status, string Text, HttpResponseMessage Message)
{
    public JsonElement Body => JsonDocument.Parse(Text).RootElement;

    public string? Code => Text.Length > 0 && Body.TryGetProperty("code", out var code) ? code.GetString() : null;

    public string this[string member] => Body.GetProperty(member).ToString();

    public Guid Id => Body.GetProperty("id").GetGuid();

    /// <summary>The ids of a list's items.</summary>
    public IEnumerable<Guid> Ids() => Items.Select(item => item.GetProperty("id").GetGuid());

    /// <summary>One member of each of a list's items.</summary>
    public IEnumerable<string> All(string member) => Items.Select(item => item.GetProperty(member).ToString());

    public IEnumerable<JsonElement> Items => Body.GetProperty("items").EnumerateArray();

    public string? Header(string name) =>
        Message.Headers.TryGetValues(name, out var values) || Message.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values) : null;

    public override string ToString() => $"{Status} {Text}";

    /// <summary>Fails with the body if the status or the code differs.</summary>
    public Reply Is(int status, string? code = null)
    {
        Status.ShouldBe(status, Text);
        if (code is not null) Code.ShouldBe(code, Text);
        return this;
    }
}

static class Requests
{
    public static Task<Reply> Get(this HttpClient http, string path) => http.Send(HttpMethod.Get, path);

    public static Task<Reply> Delete(this HttpClient http, string path) => http.Send(HttpMethod.Delete, path);

    public static Task<Reply> Post(this HttpClient http, string path, object? body = null, string? key = null) =>
        http.Send(HttpMethod.Post, path, body, key);

    public static Task<Reply> Put(this HttpClient http, string path, object body) =>
        http.Send(HttpMethod.Put, path, body);

    public static Task<Reply> Patch(this HttpClient http, string path, object body) =>
        http.Send(HttpMethod.Patch, path, body);

    /// <summary>Sends a request. An answer of the API must keep the approved contract
    /// (<see cref="ApiContract.Judge"/>). A string is sent unchanged, any other body as JSON.</summary>
    public static async Task<Reply> Send(this HttpClient http, HttpMethod method, string path, object? body = null,
        string? key = null, params (string Name, string Value)[] headers)
    {
        var reply = await http.SendUnjudged(method, path, body, key, headers);
        ApiContract.Check(method, reply.Message.RequestMessage!.RequestUri!, reply);
        return reply;
    }

    /// <summary>Sends a request whose answer the contract does not judge: for floods, where that takes too long, and
    /// for pages.</summary>
    public static async Task<Reply> SendUnjudged(this HttpClient http, HttpMethod method, string path,
        object? body = null, string? key = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body switch
        {
            null => null,
            HttpContent content => content,
            string text => new StringContent(text, Encoding.UTF8, "application/json"),
            _ => JsonContent.Create(body),
        };
        if (key is not null) request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        var answer = await http.SendAsync(request);
        return new((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer);
    }
}

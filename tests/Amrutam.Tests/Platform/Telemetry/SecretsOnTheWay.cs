using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Npgsql;
using OtpNet;

namespace Amrutam.Tests.Platform.Telemetry;

/// <summary>Leads one person through the API and the portal's forms, and collects every secret of the way.</summary>
static class SecretsOnTheWay
{
    /// <param name="mark">Part of every text that the person types.</param>
    public static async Task<IReadOnlyList<string>> Collect(HttpClient client, Database database, string mark)
    {
        var (email, password) = ($"{mark}{Guid.CreateVersion7():N}@example.org", mark + " copper lantern 42");
        (await client.Post("/api/auth/signup", new { email, password, full_name = mark })).Is(201);
        var tokens = (await client.Post("/api/auth/login", new { email, password })).Is(200);
        var proof = await Mailbox.Token(email, "Confirm your e-mail address");
        (await client.Post("/api/auth/email-verification", new { token = proof })).Is(204);
        var offer = (await Send(client, tokens, "/api/me/second-factor", new { password })).Is(200);
        var code = await Person.CodeBefore(Base32Encoding.ToBytes(offer["secret"]));
        var raised = (await Send(client, tokens, "/api/me/second-factor/confirmation", new { totp_code = code }))
            .Is(200);
        var codes = raised.Body.GetProperty("recovery_codes").EnumerateArray().Select(c => c.GetString()!).ToList();
        var renewed = (await client.Post("/api/auth/refresh", new { refresh_token = raised["refresh_token"] })).Is(200);
        var feed = await ReadAndRevokeFeed(client, renewed);

        var forms = new Forms(client);
        var form = await forms.Open();
        (await forms.Send("/account/forgot-password", form, "", ("email", email))).Is(302);
        var letter = await Mailbox.Token(email, "Choose a new password");
        (await forms.Send("/account/reset-password", form, "", ("token", letter), ("password", mark + " brass kettle")))
            .Is(302);
        var signedIn = (await forms.Send("/sign-in", form, "", ("email", email), ("password", mark + " brass kettle"),
            ("code", codes[0]))).Is(302);
        var session = Forms.Cookies(signedIn.Message).Single();
        (await forms.Send("/sign-out", await forms.Open(session), session)).Is(302);

        return
        [
            .. new[] { tokens, raised, renewed }.SelectMany(t => PartsOf(t["access_token"]).Append(t["refresh_token"])),
            offer["secret"], .. codes, proof, feed, letter, session.Split('=', 2)[1], form.Token,
            TestServer.KeyEncryptionKey,
            .. new[] { database.Owner, database.App }.Select(c => new NpgsqlConnectionStringBuilder(c).Password!),
        ];
    }

    /// <summary>Reads a calendar feed with and without its ETag, and once more after it was revoked.</summary>
    static async Task<string> ReadAndRevokeFeed(HttpClient client, Reply tokens)
    {
        var made = (await Send(client, tokens, "/api/me/calendar-feeds", new { })).Is(201);
        var path = new Uri(made["url"]).AbsolutePath;
        var read = (await client.Get(path)).Is(200);
        (await client.Send(HttpMethod.Get, path, headers: ("If-None-Match", read.Header("ETag")!))).Is(304);
        (await client.Send(HttpMethod.Delete, "/api/me/calendar-feeds/" + made.Id,
            headers: ("Authorization", "Bearer " + tokens["access_token"]))).Is(204);
        (await client.Get(path)).Is(404);
        return path.Split('/', '.')[2];
    }

    /// <summary>The parts of a token without the first, which names the algorithm.</summary>
    static IEnumerable<string> PartsOf(string token) => token.Split('.').Skip(1);

    static Task<Reply> Send(HttpClient client, Reply tokens, string path, object body) =>
        client.Send(HttpMethod.Post, path, body, headers: ("Authorization", "Bearer " + tokens["access_token"]));
}

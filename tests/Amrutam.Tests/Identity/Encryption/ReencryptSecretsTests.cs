using System.Security.Cryptography;
using Amrutam.Identity.Encryption;
using Amrutam.Identity.Reencryption;
using Amrutam.Notifications.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Identity.Encryption;

/// <summary>The key-encryption key changes while people are signed in, without an effect on them.</summary>
public sealed class ReencryptSecretsTests(TestCluster cluster) : IAsyncLifetime
{
    static readonly string Old = NewKey(), New = NewKey();
    Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await cluster.NewDatabase();

    public ValueTask DisposeAsync() => default;

    static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    Task<TestServer> Start(string key, string? others = null) => TestServer.Start(_database,
        ["--Identity:KeyEncryptionKey=" + key, .. others is null ? [] : new[] {
            "--Identity:OtherKeyEncryptionKeys=" + others }]);

    [Fact]
    public async Task After_reencryption_the_new_key_alone_decrypts_everything()
    {
        await using var before = await Start(Old, others: New);
        var person = await Person.SignUp(before);
        var (secret, _) = await person.Enrol();
        var token = person.Http.DefaultRequestHeaders.Authorization;
        await before.Owner.Statement("""
            insert into notifications.outgoing_mails (id, sealed, next_attempt_at)
            values ($1, $2, now() + interval '1 day')
            """).With(Guid.CreateVersion7())
            .With(before.App.Services.GetRequiredService<SecretEncryption>().Encrypt("{}"u8, LetterQueue.Purpose))
            .Execute();
        (await before.Anonymous().Get("/sign-in")).Is(200);
        // A key that the old server makes later would be encrypted with its own keys.
        await Until(async () => await before.Owner.Statement("select count(*) from audit.seal_keys").Value<long>() > 0);

        (await Should.ThrowAsync<StartupException>(() => Start(New))).Message.ShouldContain("OtherKeyEncryptionKeys");

        await using (var both = await Start(New, others: Old))
        {
            (await both.App.Services.GetRequiredService<ReencryptSecrets>().Run()).Sum(d => d.Unreadable).ShouldBe(0);
            (await before.Anonymous().Get("/api/doctors")).Is(200);
            (await With(before, token).Get("/api/me")).Is(200);
        }

        await using var after = await Start(New);
        (await With(after, token).Get("/api/me")).Is(200);
        (await after.Anonymous().Get("/sign-in")).Is(200);
        (await after.Anonymous().Post("/api/auth/login", new
        {
            email = person.Email, password = Person.Password, totp_code = Person.CodeNow(secret),
        })).Is(200);
        var rest = await after.App.Services.GetRequiredService<ReencryptSecrets>().Run();
        rest.ShouldNotBeEmpty();
        rest.ShouldAllBe(table => table.Reencrypted == 0 && table.Unreadable == 0);
    }

    [Fact]
    public async Task A_secret_that_no_key_decrypts_is_counted_and_not_changed()
    {
        await using var server = await Start(New);
        var lost = new SecretEncryption(RandomNumberGenerator.GetBytes(32)).Encrypt("{}"u8, LetterQueue.Purpose);
        await server.Owner.Statement("""
            insert into notifications.outgoing_mails (id, sealed, next_attempt_at)
            values ($1, $2, now() + interval '1 day')
            """).With(Guid.CreateVersion7()).With(lost).Execute();
        var done = await server.App.Services.GetRequiredService<ReencryptSecrets>().Run();
        done.Single(table => table.Table == "notifications.outgoing_mails").Unreadable.ShouldBe(1);
        (await server.Owner.Statement("select sealed from notifications.outgoing_mails where sealed = $1").With(lost)
            .Value<byte[]>()).ShouldBe(lost);
    }

    /// <summary>A forgotten table would show only after the old key is gone.</summary>
    [Fact]
    public async Task Every_table_with_encrypted_secrets_is_reencrypted()
    {
        await using var server = await Start(New);
        var sealedTables = await server.Owner.Statement("""
            select c.table_schema || '.' || c.table_name from information_schema.columns c
              join information_schema.tables t using (table_schema, table_name)
             where c.column_name = 'sealed' and t.table_type = 'BASE TABLE'
             union select 'identity.data_protection_keys' order by 1
            """).List(row => row.GetString(0));
        server.App.Services.GetServices<IEncryptedSecrets>().Select(t => t.Table).Order(StringComparer.Ordinal)
            .ShouldBe(sealedTables);
    }

    static HttpClient With(TestServer server, System.Net.Http.Headers.AuthenticationHeaderValue? token)
    {
        var client = server.Anonymous();
        client.DefaultRequestHeaders.Authorization = token;
        return client;
    }
}

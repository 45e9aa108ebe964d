using Amrutam.Identity.Tokens;
using Amrutam.Platform.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Bench;

/// <summary>Access tokens of the seeded patients, signed with the key that the servers read from the
/// database.</summary>
sealed class Tokens : IAsyncDisposable
{
    readonly WebApplication _app;

    Tokens(WebApplication app) => _app = app;

    /// <param name="database">The migrated database of the servers.</param>
    /// <param name="key">The servers' key-encryption key.</param>
    public static async Task<Tokens> Open(Database database, string key)
    {
        var app = Program.Build(["--environment=Development", "--Identity:KeyEncryptionKey=" + key,
            "--Demo:Enabled=false", "--urls=http://127.0.0.1:0", "--Management:Url=http://127.0.0.1:0",
            "--Logging:LogLevel:Default=None",
            "--Logging:LogLevel:Microsoft.Hosting.Lifetime=None"], database);
        // A start reads the keys. Its jobs must not run beside those of the measured servers.
        await app.StartAsync();
        await app.StopAsync();
        return new(app);
    }

    public string Of(int patient) => _app.Services.GetRequiredService<AccessTokens>()
        .Issue(new(Ids.Patient(patient), "patient", Ids.Session(patient)));

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;

namespace Amrutam.Commands;

/// <summary>The database that the settings name, or else the embedded one, which runs until this is disposed.</summary>
sealed class ChosenDatabase : IAsyncDisposable
{
    readonly PrivatePostgres? _embedded;

    ChosenDatabase(Database database, PrivatePostgres? embedded) => (Database, _embedded) = (database, embedded);

    public Database Database { get; }

    /// <param name="configured">The settings.</param>
    /// <param name="ownEmbedded">True to be the only process that uses the embedded PostgreSQL; false to join a
    /// running one.</param>
    /// <param name="log">The log of the embedded PostgreSQL.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="asOwner">Whether the owner's login has to answer, too.</param>
    /// <exception cref="StartupException">The given database cannot be reached.</exception>
    public static async Task<ChosenDatabase> Open(WebApplicationBuilder configured, bool ownEmbedded, ILogger log,
        CancellationToken ct, bool asOwner = true)
    {
        if (configured.Bound<ConnectionStrings>().Given() is { } given)
        {
            var limit = TimeSpan.FromSeconds(configured.Bound<DatabaseSettings>().StartSeconds);
            await FirstConnection.Open(given, asOwner, limit, Console.Error.WriteLine, ct);
            return new(given, embedded: null);
        }
        var directory = DataSettings.DirectoryOf(configured.Configuration);
        var embedded = ownEmbedded
            ? await PrivatePostgres.Own(EmbeddedDatabase.Options, directory, log, ct)
            : await PrivatePostgres.JoinOrOwn(EmbeddedDatabase.Options, directory, log, ct);
        return new(new(embedded.OwnerConnectionString(), embedded.AppConnectionString()), embedded);
    }

    public ValueTask DisposeAsync() => _embedded?.DisposeAsync() ?? ValueTask.CompletedTask;
}

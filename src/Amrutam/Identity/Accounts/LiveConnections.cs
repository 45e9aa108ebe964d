using System.Data.Common;
using Amrutam.Platform.Data;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace Amrutam.Identity.Accounts;

/// <summary>Replaces a connection of Entity Framework that PostgreSQL had ended while it was idle, before its first
/// statement.</summary>
/// <remarks>Other statements run once more instead. Entity Framework's way to do so does not work within a transaction,
/// so a question comes first. It takes less than a hundredth of the time of a password's hash.</remarks>
sealed class LiveConnections(NpgsqlDataSource db) : DbConnectionInterceptor
{
    public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData,
        CancellationToken cancellationToken = default)
    {
        var opened = (NpgsqlConnection)connection;
        try
        {
            await opened.Statement("select 1").Execute();
        }
        catch (NpgsqlException e) when (Database.EndedBefore(e))
        {
            await opened.CloseAsync();
            Database.ReplaceIdle(db);
            await opened.OpenAsync(cancellationToken);
        }
    }
}

using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Notifications.Preferences;

/// <summary>Reads the caller's wishes for messages.</summary>
static class ReadPreferences
{
    public static void Map(RouteGroupBuilder notifications) =>
        notifications.MapGet("", Handle).WithSummary("Read your wishes for messages")
            .WithDescription("The language, the zone of times, the quiet hours and the channels of reminders.");

    static async Task<Ok<MessagePreferences>> Handle(CurrentUser caller, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        return TypedResults.Ok(await MessagePreferences.Of(connection, caller.Id, ct));
    }
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Notifications.Feeds;

/// <summary>A private address of the caller's visits, for a calendar program.</summary>
/// <param name="Detail">discreet or full.</param>
/// <param name="Url">The address, in the answer that creates the feed and in no other.</param>
sealed record CalendarFeed(Guid Id, string? Name, string Detail, Instant CreatedAt, string? Url = null)
{
    public const string Discreet = "discreet", Full = "full";

    public const int MaxName = 100;

    /// <summary>The columns that <see cref="Read"/> reads, in its order.</summary>
    public const string Columns = "id, name, detail, created_at";

    public static CalendarFeed Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetStringOrNull(1), row.GetString(2), row.GetInstant(3));
}

/// <summary>The token in a feed's address: 256 random bits. Only its hash is kept, so the address is shown
/// once.</summary>
static class FeedToken
{
    const int Bytes = 32;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    public static string Address(this PublicAddress server, string token) =>
        new Uri(server.Url, $"/calendars/{token}.ics").ToString();
}

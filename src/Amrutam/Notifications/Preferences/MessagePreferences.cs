using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Notifications.Preferences;

/// <summary>A person's wishes for messages. Changes of a visit and the security of the account cannot be turned
/// off.</summary>
/// <param name="Language">en or hi.</param>
/// <param name="TimeZone">The zone that times are written in; null for the doctor's.</param>
/// <param name="QuietFrom">The time of day from which no reminder comes.</param>
/// <param name="QuietUntil">The time of day at which reminders come again.</param>
/// <param name="Reminders">The channels that reminders take; none turns them off.</param>
sealed record MessagePreferences(string Language, string? TimeZone, LocalTime QuietFrom, LocalTime QuietUntil,
    IReadOnlyList<string> Reminders)
{
    public const string English = "en", Hindi = "hi", Email = "email";

    /// <summary>The default quiet hours, as SQL writes them.</summary>
    public const string UsuallyQuietFrom = "21:00", UsuallyQuietUntil = "08:00";

    public static readonly string[] Languages = [English, Hindi];

    /// <summary>The wishes of a person who has not said any.</summary>
    public static readonly MessagePreferences Default = new(English, null, new(21, 0), new(8, 0), [Email]);

    public static async Task<MessagePreferences> Of(NpgsqlConnection connection, Guid account,
        CancellationToken ct = default) => await connection.Statement(Select).With(account).One(Read, ct) ?? Default;

    static MessagePreferences Read(NpgsqlDataReader row) =>
        new(row.GetString(0), row.GetStringOrNull(1), LocalTime.FromTimeOnly(row.GetFieldValue<TimeOnly>(2)),
            LocalTime.FromTimeOnly(row.GetFieldValue<TimeOnly>(3)), row.GetFieldValue<string[]>(4));

    const string Select = """
        select language, time_zone, quiet_from, quiet_until, reminders
          from notifications.preferences where account_id = $1
        """;
}

using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>Slots of a second, so that many visits begin and end during a test. A published slot lasts a
/// minute.</summary>
static class ShortSlots
{
    // Published elsewhere, because a short slot must not overlap a long one on the way.
    static readonly Duration Aside = Duration.FromDays(5);

    /// <returns>Where the n-th slot is to be published that shall begin n seconds after the first.</returns>
    public static Instant PublishedAt(Instant first, int n) => first + Aside + Duration.FromMinutes(n);

    public static Task<int> Shorten(NpgsqlDataSource owner, Instant first, IEnumerable<Guid> slots) =>
        owner.Statement(ToSeconds).With(slots.ToArray()).With(first).With(first + Aside).Execute();

    const string ToSeconds = """
        update scheduling.slots set starts_at = $2 + (starts_at - $3) / 60, ends_at = $2 + (ends_at - $3) / 60
         where id = any($1)
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Slots;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Queue;

/// <summary>A date in a doctor's time zone, with the instants at which it begins and ends.</summary>
sealed record DoctorsDay(LocalDate Date, Instant From, Instant Until)
{
    sealed record Clock(string Zone, Instant Now);

    /// <param name="date">The date; null for the one of <paramref name="at"/>.</param>
    /// <param name="at">An instant of the day; null for the database's present.</param>
    /// <returns>Null if there is no such doctor.</returns>
    public static async Task<DoctorsDay?> Of(NpgsqlConnection connection, Guid doctor, LocalDate? date = null,
        Instant? at = null)
    {
        if (await connection.Statement(SelectClock).With(doctor)
            .One(row => new Clock(row.GetString(0), row.GetInstant(1))) is not { } clock) return null;
        var zone = TimeZones.Zone(clock.Zone) ?? DateTimeZone.Utc;
        var day = date ?? (at ?? clock.Now).InZone(zone).Date;
        var (from, until) = Slot.Between(day, day, clock.Zone);
        return new(day, from!.Value, until!.Value);
    }

    const string SelectClock = "select time_zone, statement_timestamp() from doctors.practitioners where id = $1";
}

using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Scheduling.Slots;

/// <summary>The locks of the calendar, in the order in which every transaction takes them: doctors' calendars,
/// bookings, slots in the order of their ids, patients.</summary>
static class CalendarLocks
{
    /// <summary>Serializes changes of the doctors' slots, so that a plan is still true when it is applied.</summary>
    public static Task LockCalendars(NpgsqlConnection connection, params Guid[] doctors) =>
        connection.Statement(Calendars).With(doctors).Execute();

    /// <summary>Locks slots in the order of their ids, which prevents deadlocks.</summary>
    public const string Slots = "select id from scheduling.slots where id = any($1) order by id for update";

    /// <summary>Locks patients by their numbers, in the order that the caller gives: ascending.</summary>
    public const string Patients = "select pg_advisory_xact_lock(patient) from unnest($1::bigint[]) as patient";

    const string Calendars = """
        select pg_advisory_xact_lock(hashtextextended('calendar ' || doctor, 0))
          from (select unnest($1::uuid[]) as doctor order by 1) in_order
        """;
}

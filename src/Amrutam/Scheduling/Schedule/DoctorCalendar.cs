using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Generation;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Schedule;

/// <summary>The rules, time off and slots of a doctor at one moment of the database's clock.</summary>
/// <param name="Revision">The revision of the rules; 0 when there were none.</param>
/// <param name="Away">Present and future time off.</param>
/// <param name="Slots">Slots that have not ended.</param>
sealed record DoctorCalendar(
    Guid Doctor, DateTimeZone Zone, WeeklySchedule Offered, int Revision, Instant Now,
    List<Interval> Away, List<MadeSlot> Slots)
{
    public LocalDate Today => Now.InZone(Zone).Date;

    public SlotPlan Plan() => Plan(Offered.Windows(), Offered);

    /// <summary>The plan under the given rules.</summary>
    public SlotPlan Plan(IReadOnlyList<WeeklyWindow> week, WeeklySchedule offered) =>
        SlotPlan.Of(SlotGenerator.Slots(week, Zone, Now, Today.PlusDays(offered.HorizonDays)), Slots, Away, Now);

    /// <summary>The slots of the given rules, each with its window.</summary>
    public List<(WeeklyWindow Window, Interval Time)> Wanted(IReadOnlyList<WeeklyWindow> week,
        WeeklySchedule offered) =>
        [.. SlotGenerator.SlotsOfWindows(week, Zone, Now, Today.PlusDays(offered.HorizonDays))];

    /// <summary>Bookings outside the rules, also beyond the horizon.</summary>
    public IReadOnlyList<MadeSlot> Outside(IReadOnlyList<WeeklyWindow> week)
    {
        var last = Slots.Where(s => s.Booking is not null).Select(s => s.Time.End).Append(Now).Max();
        var windows = SlotGenerator.Windows(week, Zone, Today, last.InZone(Zone).Date);
        return [.. SlotPlan.Outside(Slots, windows.Select(w => w.Time), Now)];
    }

    /// <summary>The last moment at which a slot of the rules is bookable.</summary>
    public DateTime BookableUntil(Interval slot) => (slot.Start - Offered.Notice).ToDateTimeUtc();

    /// <summary>The next change of date: one more day is within the horizon then.</summary>
    public Instant Tomorrow => SlotGenerator.StartOfDay(Today.PlusDays(1), Zone);

    /// <returns>The calendar; null when the doctor has no profile.</returns>
    public static async Task<DoctorCalendar?> Of(
        NpgsqlConnection connection, Guid doctor, CancellationToken ct = default) =>
        (await Of(connection, [doctor], ct)).SingleOrDefault();

    /// <summary>The calendars of those doctors that have a profile in a known zone.</summary>
    public static async Task<List<DoctorCalendar>> Of(
        NpgsqlConnection connection, Guid[] doctors, CancellationToken ct = default)
    {
        var calendars = await connection.Statement(Select).With(doctors).List(Read, ct);
        var byDoctor = calendars.OfType<DoctorCalendar>().ToDictionary(c => c.Doctor);
        foreach (var (doctor, time) in await connection.Statement(TimeOff).With(doctors).List(ReadTime, ct))
            byDoctor.GetValueOrDefault(doctor)?.Away.Add(time);
        foreach (var (doctor, slot) in await connection.Statement(SlotsAhead).With(doctors).List(ReadSlot, ct))
            byDoctor.GetValueOrDefault(doctor)?.Slots.Add(slot);
        return [.. byDoctor.Values];
    }

    static DoctorCalendar? Read(NpgsqlDataReader row) => TimeZones.Zone(row.GetString(1)) is not { } zone ? null : new(
        row.GetGuid(0), zone, row.IsDBNull(2) ? WeeklySchedule.Nothing : new(
            WeeklySchedule.Together(JsonSerializer.Deserialize<List<ScheduleRule>>(row.GetString(2), Json.Options)!,
                row.IsDBNull(7) ? null : JsonSerializer.Deserialize<List<List<Guid>>>(row.GetString(7), Json.Options)),
            row.GetInt32(3), row.GetInt32(4)),
        row.GetInt32OrNull(5) ?? 0, row.GetInstant(6), [], []);

    static (Guid, Interval) ReadTime(NpgsqlDataReader row) =>
        (row.GetGuid(0), new(row.GetInstant(1), row.GetInstant(2)));

    static (Guid, MadeSlot) ReadSlot(NpgsqlDataReader row) => (row.GetGuid(0), new(
        row.GetGuid(1), new(row.GetInstant(2), row.GetInstant(3)), row.GetBoolean(4),
        Enum.Parse<SlotState>(row.GetString(5)), row.GetGuidOrNull(6), row.GetBoolean(7)));

    const string Select = """
        select d.id, d.time_zone, a.rules, a.minimum_notice_minutes, a.horizon_days, a.revision::int,
               statement_timestamp(),
               case when a.rule_visit_types_revision = a.revision then a.rule_visit_types end
          from doctors.practitioners d left join scheduling.availability a on a.doctor_id = d.id where d.id = any($1)
        """;

    const string TimeOff = """
        select doctor_id, starts_at, ends_at from scheduling.time_off
         where doctor_id = any($1) and ends_at > statement_timestamp()
        """;

    // A slot lasts at most 12 hours, so every earlier one has ended.
    const string SlotsAhead = """
        select doctor_id, id, starts_at, ends_at, from_rules,
               case when booking_id is not null then 'Booked' when held_until > statement_timestamp() then 'Held'
                    when closed_at is null then 'Open' when closed_because is null then 'Closed' else 'SetAside' end,
               booking_id,
               coalesce(bookable_until = '-infinity', false)
          from scheduling.slots
         where doctor_id = any($1) and starts_at > statement_timestamp() - interval '12 hours'
           and ends_at > statement_timestamp()
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Transfer;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Schedule;
using Amrutam.Scheduling.Slots;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Transfer;

/// <summary>Takes bookings ahead, by the one judgement of bookings. A time that the doctor has not published becomes a
/// slot.</summary>
sealed class ImportBookings(CheckBookability bookability) : IImportedFile
{
    // The files of the doctors and of the patients, whose modules this one does not know.
    public const string Doctors = "doctors", Patients = "patients";

    const int UsualMinutes = 30;

    public string Name => "bookings";

    public int Order => 4;

    // The patient's; the doctors are few.
    public int LocksPerLine => 1;

    public IReadOnlyList<string> Columns { get; } =
        ["patient", "doctor", "starts_at", "minutes", "visit_type", "reason"];

    public IReadOnlyList<string> Required { get; } = ["patient", "doctor", "starts_at"];

    public async Task<Guid?> Take(NpgsqlConnection connection, ImportLine line, CurrentUser by)
    {
        var fields = line.Fields;
        var (patient, doctor) = (line.Reference("patient", Patients), line.Reference("doctor", Doctors));
        var (starts, type) = (line.Instant("starts_at"), line.Reference("visit_type", ImportVisitTypes.File));
        var minutes = line.Number("minutes") ?? UsualMinutes;
        fields.Refuse(minutes is < ScheduleRule.ShortestSlot or > ScheduleRule.LongestSlot, "minutes",
            $"must be {ScheduleRule.ShortestSlot} to {ScheduleRule.LongestSlot}");
        var reason = fields.Text("reason", line.Text("reason"), BookSlot.MaxReason);
        if (fields.Wrong) return null;
        await CalendarLocks.LockCalendars(connection, doctor!.Value);
        var slot = await FindOrPublish(connection, doctor.Value, starts!.Value, minutes, by);
        fields.Refuse(slot is null, "starts_at", "is not free: the doctor has other slots or time off then");
        if (slot is null) return null;
        var place = (await bookability.CheckVisits(connection, [slot.Value], patient!.Value, by, new(type)))[0];
        fields.Refuse(place.Refusal is not null, "starts_at", $"cannot be booked: {place.Refusal}");
        if (fields.Wrong) return null;
        var booking = (await InsertBookings.Insert(connection, [place], patient.Value, by, reason, imported: true))[0];
        fields.Refuse(booking.Status != "confirmed", "doctor", "asks for a confirmation; import before that is set");
        return booking.Id;
    }

    static Task<Guid?> FindOrPublish(NpgsqlConnection connection, Guid doctor, Instant starts, int minutes,
        CurrentUser by) =>
        connection.Statement(PublishUnlessThere).With(doctor).With(starts).With(minutes).With(Guid.CreateVersion7())
            .With(by.Id).With(by.Trace).Value<Guid?>();

    const string PublishUnlessThere = """
        with there as (
            select id from scheduling.slots
             where doctor_id = $1 and starts_at = $2 and closed_at is null and booking_id is null),
        published as (
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
            select $4, $1, $2, $2 + make_interval(mins => $3)
             where not exists (select from there)
               and not exists (select from scheduling.time_off
                                where doctor_id = $1 and ends_at > $2
                                  and starts_at < $2 + make_interval(mins => $3))
            on conflict do nothing
            returning id),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $5, 'admin', 'slots.published', 'slot', id, '{"count": 1}', $6 from published)
        select id from there union all select id from published
        """;
}

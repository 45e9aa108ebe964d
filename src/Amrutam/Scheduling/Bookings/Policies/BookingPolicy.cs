using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Policies;

/// <summary>A doctor's conditions for bookings: the cancellation window, and whether the doctor confirms requests. The
/// minimum notice is part of the availability.</summary>
/// <param name="CancellationWindowMinutes">The time before the start in which the patient can no longer cancel or
/// move.</param>
/// <param name="RequiresConfirmation">True: a booking is a request until the doctor accepts it.</param>
/// <param name="ConfirmationMinutes">How long a request waits for its answer, at most until the slot begins.</param>
/// <param name="WalkInsPerDay">How many patients the doctor sees a day who come without a booking; 0 for none.</param>
sealed record BookingPolicy(int CancellationWindowMinutes = 0, bool RequiresConfirmation = false,
    int ConfirmationMinutes = 1440, int WalkInsPerDay = 10)
{
    /// <summary>A day's notice of a cancellation, two hours for an answer.</summary>
    public static readonly BookingPolicy Example = new(24 * 60, RequiresConfirmation: true, ConfirmationMinutes: 120);

    public sealed record Stored(BookingPolicy Policy, int Revision);

    /// <summary>The policy of a doctor that is listed.</summary>
    /// <returns>The default policy when the doctor has set none; null when no such doctor is listed.</returns>
    public static Task<Stored?> OfListed(NpgsqlConnection connection, Guid doctor, bool verifiedOnly,
        CancellationToken ct) =>
        connection.Statement(SelectListed).With(doctor).With(verifiedOnly).One(Read, ct);

    /// <summary>The policy of the signed-in doctor.</summary>
    /// <returns>The default policy when the doctor has set none; null without a profile.</returns>
    public static Task<Stored?> OfOwn(NpgsqlConnection connection, Guid doctor, CancellationToken ct = default) =>
        connection.Statement(SelectOwn).With(doctor).One(Read, ct);

    static Stored Read(NpgsqlDataReader row) =>
        new(new(row.GetInt32(0), row.GetBoolean(1), row.GetInt32(2), row.GetInt32(3)), row.GetInt32(4));

    const string Columns = """
        coalesce(extract(epoch from p.cancellation_window) / 60, 0)::int, coalesce(p.requires_confirmation, false),
        coalesce(extract(epoch from p.confirmation_time) / 60, 1440)::int, coalesce(p.walk_ins_per_day, 10),
        coalesce(p.revision, 0)
        """;

    const string SelectListed = $"""
        select {Columns}
          from doctors.bookable_doctors($2) d left join scheduling.booking_policies p on p.doctor_id = d.id
         where d.id = $1
        """;

    const string SelectOwn = $"""
        select {Columns}
          from doctors.practitioners d left join scheduling.booking_policies p on p.doctor_id = d.id
         where d.id = $1
        """;
}

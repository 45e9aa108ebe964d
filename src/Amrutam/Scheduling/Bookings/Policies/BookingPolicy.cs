using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Policies;

/// <summary>What a doctor asks of those who book: how late they may cancel, and whether requests are confirmed by
/// hand. The notice before a booking is part of the availability, which the slots carry.</summary>
/// <param name="CancellationWindowMinutes">How long before the start the patient can last cancel or move.</param>
/// <param name="RequiresConfirmation">True: a booking is a request until the doctor accepts it.</param>
/// <param name="ConfirmationMinutes">How long a request waits for its answer, at most until the slot begins.</param>
sealed record BookingPolicy(int CancellationWindowMinutes = 0, bool RequiresConfirmation = false,
    int ConfirmationMinutes = 1440)
{
    /// <summary>A day's notice of a cancellation, two hours for an answer.</summary>
    public static readonly BookingPolicy Example = new(24 * 60, RequiresConfirmation: true, ConfirmationMinutes: 120);

    public sealed record Stored(BookingPolicy Policy, int Revision);

    /// <returns>The policy, which is lenient where the doctor has set none; null when there is no such
    /// doctor.</returns>
    public static Task<Stored?> Of(NpgsqlConnection connection, Guid doctor, bool verifiedOnly,
        CancellationToken ct = default) =>
        connection.Statement(Select).With(doctor).With(verifiedOnly).One(row =>
            new Stored(new(row.GetInt32(0), row.GetBoolean(1), row.GetInt32(2)), row.GetInt32(3)), ct);

    const string Select = """
        select coalesce(extract(epoch from p.cancellation_window) / 60, 0)::int,
               coalesce(p.requires_confirmation, false),
               coalesce(extract(epoch from p.confirmation_time) / 60, 1440)::int, coalesce(p.revision, 0)
          from doctors.practitioners d left join scheduling.booking_policies p on p.doctor_id = d.id
         where d.id = $1 and (d.verified or not $2)
        """;
}

using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Scheduling;

/// <summary>A person's bookings: all of them in the export; the reasons they gave go when their data is
/// erased.</summary>
/// <remarks>That a booking took place stays, under an id that nobody can trace, because it is the other side's record
/// too.</remarks>
sealed class BookingsOfAPerson : IPersonalData
{
    public string Section => "bookings";

    public IAsyncEnumerable<string> Export(NpgsqlConnection connection, Guid person, CancellationToken ct) =>
        connection.Statement(ReadAll).With(person).Stream(row => row.GetString(0), ct);

    public async Task Erase(NpgsqlConnection connection, Guid person)
    {
        await connection.Statement(EraseReasons).With(person).Execute();
        await connection.Statement(EraseAnswers).With(person).Execute();
    }

    const string ReadAll = """
        select jsonb_build_object('id', id, 'slot_id', slot_id, 'doctor_id', doctor_id, 'patient_id', patient_id,
               'starts_at', starts_at, 'ends_at', ends_at, 'status', status, 'reason', reason,
               'cancellation_reason', cancellation_reason, 'created_at', created_at)::text
          from scheduling.bookings where patient_id = $1 or doctor_id = $1 order by starts_at
        """;

    const string EraseReasons = """
        update scheduling.bookings set reason = null, cancellation_reason = null, updated_at = now()
         where patient_id = $1 and (reason is not null or cancellation_reason is not null)
        """;

    const string EraseAnswers = "delete from scheduling.idempotency_keys where user_id = $1";
}

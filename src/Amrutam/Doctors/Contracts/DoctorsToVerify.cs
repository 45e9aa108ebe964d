using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Doctors.Contracts;

/// <summary>A doctor whose registration nobody has checked yet.</summary>
sealed record WaitingDoctor(Guid Id, string Name, string Specialization, string? RegistrationNumber, Instant Since);

/// <summary>The doctors who wait to be verified, those who wait longest first.</summary>
sealed class DoctorsToVerify(NpgsqlDataSource db)
{
    public async Task<(long All, List<WaitingDoctor> First)> Read(int most, CancellationToken ct) => (
        await db.Statement(CountWaiting).Value<long>(ct),
        await db.Statement(ReadWaiting).With(most).List(row => new WaitingDoctor(
            row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetStringOrNull(3), row.GetInstant(4)), ct));

    const string CountWaiting = "select count(*) from doctors.profiles where verified_at is null";

    const string ReadWaiting = """
        select id, full_name, specialization, registration_number, created_at from doctors.profiles
         where verified_at is null order by created_at, id limit $1
        """;
}

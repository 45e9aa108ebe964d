using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Doctors.Contracts;

/// <summary>A doctor whose profile, or a change of it, waits for an administrator's decision.</summary>
sealed record WaitingDoctor(Guid Id, string Name, string Specialization, string? RegistrationNumber, Instant Since);

/// <summary>The doctors who wait for an administrator's decision, the longest waiting first.</summary>
sealed class DoctorsToVerify(NpgsqlDataSource db)
{
    public async Task<(long All, List<WaitingDoctor> First)> Read(int most, CancellationToken ct) => (
        await db.Statement(CountWaiting).Value<long>(ct),
        await db.Statement(ReadWaiting).With(most).List(row => new WaitingDoctor(
            row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetStringOrNull(3), row.GetInstant(4)), ct));

    const string CountWaiting = """
        select count(*) from doctors.profiles where verified_at is null or pending is not null
        """;

    const string ReadWaiting = """
        select id, coalesce(pending ->> 'full_name', full_name), coalesce(pending ->> 'specialization', specialization),
               coalesce(pending ->> 'registration_number', registration_number), coalesce(pending_since, created_at)
          from doctors.profiles
         where verified_at is null or pending is not null
         order by coalesce(pending_since, created_at), id limit $1
        """;
}

using Amrutam.Doctors.Profiles;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Doctors.Contracts;

/// <summary>A doctor whose profile, or a change of it, waits for an administrator's decision.</summary>
/// <param name="Registration">Its number and council.</param>
sealed record WaitingDoctor(Guid Id, string Name, string Specialization, string? Registration, Instant Since);

/// <summary>The doctors who wait for an administrator's decision, the longest waiting first.</summary>
sealed class DoctorsToVerify(NpgsqlDataSource db)
{
    public async Task<(long All, List<WaitingDoctor> First)> Read(int most, CancellationToken ct) => (
        await db.Statement(CountWaiting).Value<long>(ct),
        await db.Statement(ReadWaiting).With(most).List(row => new WaitingDoctor(
            row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetStringOrNull(3), row.GetInstant(4)), ct));

    /// <summary>Verifies a doctor with the values that wait.</summary>
    /// <returns>How that was refused; null if it was not.</returns>
    public async Task<ProblemHttpResult?> Verify(Guid doctor, CurrentUser admin) =>
        (await VerifyDoctor.Record(db, doctor, new(), admin)).Result as ProblemHttpResult;

    const string CountWaiting = """
        select count(*) from doctors.profiles where verified_at is null or pending is not null
        """;

    const string ReadWaiting = """
        select id, coalesce(pending ->> 'full_name', full_name), coalesce(pending ->> 'specialization', specialization),
               nullif(concat_ws(', ', coalesce(pending ->> 'registration_number', registration_number),
                   coalesce(pending ->> 'registration_council', registration_council)), ''),
               coalesce(pending_since, created_at)
          from doctors.profiles
         where verified_at is null or pending is not null
         order by coalesce(pending_since, created_at), id limit $1
        """;
}

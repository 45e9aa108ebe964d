using Amrutam.Platform.Data;
using Amrutam.Scheduling.Slots;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Scheduling.Slots;

public sealed class PatientLockTests(TestCluster cluster)
{
    [Fact]
    public async Task The_server_and_the_guard_of_bookings_lock_the_same_number()
    {
        await using var owner = NpgsqlDataSource.Create((await cluster.NewDatabase()).Owner);
        Guid[] patients = [Guid.Empty, Guid.AllBitsSet, .. Enumerable.Range(0, 100).Select(_ => Guid.CreateVersion7())];
        var locked = await owner.Statement("""
            select scheduling.patient_lock(patient)
              from unnest($1::uuid[]) with ordinality a (patient, n) order by n
            """).With(patients).List(row => row.GetInt64(0));
        locked.ShouldBe(patients.Select(PatientLock.Of));
    }
}

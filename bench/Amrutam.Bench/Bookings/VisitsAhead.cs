using Amrutam.Platform.Data;

namespace Amrutam.Bench.Bookings;

/// <summary>Gives every patient confirmed visits in the years after the slots that a run books.</summary>
static class VisitsAhead
{
    public static async Task Add(Rig rig, int patients, int each)
    {
        await using var owner = rig.Owner();
        await using var connection = await owner.OpenConnectionAsync();
        // The guard would read and lock each of millions of rows. They are made so that they satisfy it.
        await connection.Statement("set session_replication_role = replica").Execute();
        await connection.Statement(Insert).With(patients).With(each).Execute();
        await connection.Statement("set session_replication_role = origin").Execute();
        await connection.Statement("vacuum (analyze) scheduling.bookings").Execute();
        await connection.Statement("checkpoint").Execute();
    }

    const string Insert = """
        insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at)
        select ('12000000-0000-7000-8000-' || lpad(to_hex(v::bigint * $1 + p), 12, '0'))::uuid, gen_random_uuid(),
               ('40000000-0000-7000-8000-' || lpad(to_hex((p + v) % 500), 12, '0'))::uuid,
               ('20000000-0000-7000-8000-' || lpad(to_hex(p), 12, '0'))::uuid,
               date_trunc('day', now()) + interval '2 years' + v * interval '1 day',
               date_trunc('day', now()) + interval '2 years' + v * interval '1 day' + interval '30 minutes'
          from generate_series(1, $2) as v cross join generate_series(0, $1 - 1) as p
        """;
}

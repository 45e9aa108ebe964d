using Amrutam.Platform.Data;

namespace Amrutam.Bench.Bookings;

/// <summary>The least that a booking can be: four rows in tables without constraints, each with one index, written by
/// one prepared statement.</summary>
sealed class BareTables(SeededServer bench, int slots)
{
    long _next;

    public async Task Make()
    {
        await using var owner = bench.Rig.Owner();
        await owner.Statement(Create).Execute();
        await owner.Statement(Fill).With(slots).Execute();
        await owner.Statement("vacuum (analyze) bare.slots").Execute();
    }

    public async Task<Load> PgBench(int clients, int seconds)
    {
        await using var owner = bench.Rig.Owner();
        await owner.Statement("truncate bare.bookings, bare.keys, bare.events").Execute();
        await owner.Statement("checkpoint").Execute();
        var load = await bench.Measured(() => Tools.PgBench(bench.Rig.OwnerConnectionString.ToLibpq(), clients,
            seconds, Tools.Script("bare.sql"), ("first", $"{_next}")));
        // Clients do not advance evenly.
        const int Margin = 5_000;
        _next = await owner.Statement("select max(id) from bare.slots where booking_id is not null").Value<long>()
            + Margin;
        if (_next > slots) throw new InvalidOperationException("there are too few bare slots for another run");
        return load;
    }

    const string Create = """
        create schema bare;
        create table bare.slots (id bigint primary key, doctor_id uuid not null, starts_at timestamptz not null,
            booking_id uuid) with (fillfactor = 70);
        create table bare.bookings (id uuid primary key, slot_id bigint not null, patient_id uuid not null,
            starts_at timestamptz not null, status text not null);
        create table bare.keys (user_id uuid not null, key text not null, body text not null,
            primary key (user_id, key));
        create table bare.events (position bigint generated always as identity primary key,
            at timestamptz not null default clock_timestamp(), actor_id uuid not null, action text not null,
            entity_id uuid not null, details jsonb not null);
        """;

    const string Fill = """
        insert into bare.slots (id, doctor_id, starts_at)
        select n, gen_random_uuid(), now() + interval '2 days' from generate_series(0, $1 - 1) as n
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Platform.Idempotency;

/// <summary>The previous version of the server runs beside this one during an upgrade.</summary>
/// <remarks>It finds its keys in the view that has the table's former name.</remarks>
public sealed class PreviousVersionTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task The_statements_of_the_previous_version_run_against_the_view()
    {
        var server = fixture.Server;
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        var slot = await doctor.Slot();
        var first = (await patient.Book(slot, "shared")).Is(201);
        await server.Owner.InTransaction(async connection =>
        {
            await connection.Statement("set local role amrutam_app").Execute();
            // The view replays a key of this version and stores a key of the previous version.
            (await connection.Statement(Replay).With(patient.Id).With("POST /api/bookings").With("shared")
                .Value<string>()).ShouldBe(first.Text);
            (await connection.Statement(ReplayByAddress).With(patient.Id).Execute()).ShouldBe(1);
            (await connection.Statement(Store).With(patient.Id).With("POST /api/waitlist").With("old").Execute())
                .ShouldBe(1);
            (await connection.Statement(StoreMany).With(new[] { patient.Id, patient.Id })
                .With(new[] { "POST /api/waitlist", "POST /api/bookings" }).With(new[] { "old", "new" }).Execute())
                .ShouldBe(1);
            await connection.Statement("""
                update scheduling.idempotency_keys set created_at = now() - interval '2 days' where user_id = $1
                """).With(patient.Id).Execute();
            (await connection.Statement(Forget).With(24).With(10).Execute()).ShouldBe(3);
            return true;
        });
    }

    [Fact]
    public async Task A_key_keeps_its_scope_however_the_request_spells_the_path()
    {
        var server = fixture.Server;
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(), "one")).Is(201).Id;
        var reply = (await patient.Http.Post($"/api/bookings/{booking}/cancellation", new { }, "two")).Is(200);
        (await patient.Http.Post($"/API/Bookings/{booking.ToString().ToUpperInvariant()}/cancellation", new { }, "two"))
            .Is(200).Text.ShouldBe(reply.Text);
        (await server.Owner.Statement("select route from platform.idempotency_keys where user_id = $1 order by key")
            .With(patient.Id).List(row => row.GetString(0)))
            .ShouldBe(["POST /api/bookings", $"POST /api/bookings/{booking}/cancellation"]);
    }

    const string Replay = """
        update scheduling.idempotency_keys set replayed_at = now() where user_id = $1 and route = $2 and key = $3
        returning body
        """;

    const string ReplayByAddress = """
        with k as materialized (select ctid as row from scheduling.idempotency_keys where user_id = $1)
        update scheduling.idempotency_keys k set replayed_at = now() from k j where k.ctid = j.row
        """;

    const string Store = """
        insert into scheduling.idempotency_keys (user_id, route, key, fingerprint, status, body, location)
        values ($1, $2, $3, '\x00', 201, '{}', null)
        """;

    const string StoreMany = """
        insert into scheduling.idempotency_keys (user_id, route, key, fingerprint, status, body)
        select *, '\x00'::bytea, 409, '{}' from unnest($1::uuid[], $2::text[], $3::text[])
        on conflict do nothing
        """;

    const string Forget = """
        delete from scheduling.idempotency_keys where ctid = any(array(
            select ctid from scheduling.idempotency_keys
             where created_at < statement_timestamp() - $1 * interval '1 hour' limit $2 for update skip locked))
        """;
}

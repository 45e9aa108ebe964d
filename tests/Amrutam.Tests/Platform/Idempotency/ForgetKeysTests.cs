using Amrutam.Platform.Data;
using Amrutam.Platform.Idempotency;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Platform.Idempotency;

public sealed class ForgetKeysTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_key_is_forgotten_after_a_day_and_not_before()
    {
        var server = fixture.Server;
        var (doctor, patient) = (await server.Doctor(), await server.User("patient"));
        var (old, young) = (await doctor.Slot(0), await doctor.Slot(1));
        (await patient.Book(old, "old")).Is(201);
        (await patient.Book(young, "young")).Is(201);
        await server.Owner.Statement("""
            update platform.idempotency_keys
               set created_at = now() - interval '24 hours'
                   - case key when 'old' then interval '1 minute' else interval '-1 minute' end
            """).Execute();

        await server.App.Services.GetRequiredService<ForgetKeys>()
            .Run(TestContext.Current.CancellationToken);

        // The old key is a new request now and meets the slot's booking. The young key still has its response.
        (await patient.Book(old, "old")).Is(409, "one_active_booking_per_slot");
        (await patient.Book(young, "young")).Is(201).Header("Idempotency-Replayed").ShouldBe("true");
    }

    [Fact]
    public async Task Of_an_accounts_refusals_the_oldest_are_forgotten_first_and_of_the_others_none()
    {
        var server = fixture.Server;
        var (flooder, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        foreach (var (person, status, count) in new[] { (flooder, 409, ForgetKeys.MostRefusals + 5),
            (flooder, 201, 3), (other, 404, 3) })
            await server.Owner.Statement("""
                insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body, created_at)
                select $1, 'POST /api/' || $2, n::text, '\x00', $2, '{}', now() - n * interval '1 second'
                  from generate_series(1, $3) n
                """).With(person).With(status).With(count).Execute();

        await server.App.Services.GetRequiredService<ForgetKeys>().Run(TestContext.Current.CancellationToken);

        var kept = await server.Owner.Statement("""
            select status, count(*), max(key::int) from platform.idempotency_keys
             where user_id in ($1, $2) group by user_id, status order by status
            """).With(flooder).With(other).List(row => (row.GetInt32(0), row.GetInt64(1), row.GetInt32(2)));
        kept.ShouldBe([(201, 3, 3), (404, 3, 3), (409, ForgetKeys.MostRefusals, ForgetKeys.MostRefusals)]);
    }

    /// <summary>Bodies that no compression makes smaller.</summary>
    [Fact]
    public async Task Of_an_accounts_refusals_the_newest_are_kept_up_to_a_number_of_bytes()
    {
        const int refusals = 40, digests = 3_000;
        var server = fixture.Server;
        var flooder = Guid.CreateVersion7();
        await server.Owner.Statement("""
            insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body, created_at)
            select $1, 'POST /api/availability/time-off', refusal.n::text, '\x00', 409,
                   (select to_json(string_agg(md5(random()::text || refusal.n || digest.n), ''))::text
                      from generate_series(1, $3) digest (n)),
                   now() - refusal.n * interval '1 second'
              from generate_series(1, $2) refusal (n)
            """).With(flooder).With(refusals).With(digests).Execute();

        await server.App.Services.GetRequiredService<ForgetKeys>().Run(TestContext.Current.CancellationToken);

        var (kept, oldest, bytes) = (await server.Owner.Statement("""
            select count(*), max(key::int), sum(pg_column_size(body)) from platform.idempotency_keys where user_id = $1
            """).With(flooder).One(row => (row.GetInt64(0), row.GetInt32(1), row.GetInt64(2)))).ShouldNotBeNull();
        bytes.ShouldBeInRange(ForgetKeys.MostRefusalBytes / 2, ForgetKeys.MostRefusalBytes);
        kept.ShouldBeInRange(1, refusals - 1);
        oldest.ShouldBe((int)kept);
    }
}

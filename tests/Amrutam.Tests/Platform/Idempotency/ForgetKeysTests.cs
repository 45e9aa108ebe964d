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
}

using Amrutam.Platform.Data;
using Amrutam.Scheduling.Contracts;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Scheduling.Contracts;

public sealed class SlotsOnOfferTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task A_slot_counts_while_its_doctor_may_practise()
    {
        var (server, ct) = (fixture.Server, TestContext.Current.CancellationToken);
        var onOffer = server.App.Services.GetRequiredService<SlotsOnOffer>();
        var doctor = await server.Doctor();
        var before = await onOffer.Count(ct);
        await doctor.Slot();
        (await onOffer.Count(ct)).ShouldBe(before + 1);
        await server.Owner.Statement("update identity.users set suspended_at = now() where id = $1").With(doctor.Id)
            .Execute();
        (await onOffer.Count(ct)).ShouldBe(before);
    }
}

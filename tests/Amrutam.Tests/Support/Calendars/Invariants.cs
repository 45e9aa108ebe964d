using Amrutam.Platform.Data;
using Amrutam.Platform.Invariants;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>The product's own invariants, which hold at any moment and after any fault.</summary>
static class Invariants
{
    public static async Task ShouldKeepItsInvariants(this TestServer server)
    {
        foreach (var invariant in server.App.Services.GetServices<Invariant>())
            (await invariant.In(server.Owner.Statement(invariant.Sql), Window.Everything)
                .List(row => row.GetString(0))).ShouldBeEmpty(invariant.Name);
    }
}

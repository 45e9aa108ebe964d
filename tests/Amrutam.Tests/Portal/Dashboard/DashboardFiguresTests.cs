using Amrutam.Analytics.Contracts;
using Amrutam.Portal.Dashboard;
using NodaTime;

namespace Amrutam.Tests.Portal.Dashboard;

public sealed class DashboardFiguresTests
{
    static readonly LocalDate First = new(2026, 11, 3);

    /// <summary>A share is given only of a base that makes one meaningful.</summary>
    [Theory]
    [InlineData(0, 0, null, false)]
    [InlineData(0, 3, null, true)]
    [InlineData(4, 3, null, false)]
    [InlineData(4, 1094, null, true)]
    [InlineData(9, 18, null, true)]
    [InlineData(10, 100, 9.0, false)]
    [InlineData(10, 2738, null, true)]
    [InlineData(200, 150, -0.25, false)]
    [InlineData(200, 200, 0.0, false)]
    public void A_change_from_a_tiny_base_is_new_and_no_share(long before, long added, double? change, bool isNew)
    {
        var figures = Bookings(new("kept", First.PlusDays(-1), before), new("kept", First, added));
        var tile = DashboardFigures.Tiles(new(0, 0, 0, 0, 0, 0, 0, 0, 0, UpToDate: true), onOffer: 0, figures)
            .Single(t => t.Name == "bookings");
        tile.Change.ShouldBe(change);
        tile.IsNew.ShouldBe(isNew);
    }

    static Figures Bookings(params Count[] bookings) =>
        new(First, First.PlusDays(27), [], [], bookings, [], [], [], []);
}

using Amrutam.Scheduling.Bookings.Reserving;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

public sealed class SlotRequestCoalescerTests
{
    readonly SlotRequestCoalescer _contests = new();
    readonly Guid _slot = Guid.CreateVersion7();

    [Fact]
    public async Task One_asks_and_the_others_learn_what_it_was_told()
    {
        var asking = _contests.Enter(_slot, out var first);
        var joined = _contests.Enter(_slot, out var second);
        var elsewhere = _contests.Enter(Guid.CreateVersion7(), out var other);
        (first, second, other).ShouldBe((true, false, true));
        joined.ShouldBeSameAs(asking);
        elsewhere.ShouldNotBeSameAs(asking);
        joined.Verdict.IsCompleted.ShouldBeFalse();
        asking.End("slot_is_closed");
        (await joined.Verdict).ShouldBe("slot_is_closed");
    }

    [Fact]
    public void Nobody_joins_once_the_question_is_on_its_way_and_who_comes_then_asks_anew()
    {
        var asking = _contests.Enter(_slot, out _);
        asking.Close();
        var later = _contests.Enter(_slot, out var asks);
        asks.ShouldBeTrue();
        asking.End("one_active_booking_per_slot");
        later.Verdict.IsCompleted.ShouldBeFalse();
        _contests.Enter(_slot, out asks).ShouldBeSameAs(later);
        asks.ShouldBeFalse();
    }

    [Fact]
    public void A_contest_that_never_was_asked_ends_all_the_same()
    {
        var asking = _contests.Enter(_slot, out _);
        asking.End(null);
        asking.Verdict.IsCompletedSuccessfully.ShouldBeTrue();
        _contests.Enter(_slot, out var asks).ShouldNotBeSameAs(asking);
        asks.ShouldBeTrue();
    }
}

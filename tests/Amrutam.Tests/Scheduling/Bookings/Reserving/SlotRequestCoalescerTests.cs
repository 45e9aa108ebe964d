using Amrutam.Scheduling.Bookings.Reserving;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

public sealed class SlotRequestCoalescerTests
{
    readonly SlotRequestCoalescer _coalescer = new();
    readonly Guid _slot = Guid.CreateVersion7();

    [Fact]
    public async Task One_member_asks_and_its_refusal_answers_the_group()
    {
        var asking = _coalescer.Join(_slot, out var first);
        var joined = _coalescer.Join(_slot, out var second);
        var elsewhere = _coalescer.Join(Guid.CreateVersion7(), out var other);
        (first, second, other).ShouldBe((true, false, true));
        joined.ShouldBeSameAs(asking);
        elsewhere.ShouldNotBeSameAs(asking);
        joined.Refusal.IsCompleted.ShouldBeFalse();
        asking.Complete("slot_is_closed");
        (await joined.Refusal).ShouldBe("slot_is_closed");
    }

    [Fact]
    public void A_request_after_the_question_was_sent_asks_again()
    {
        var asking = _coalescer.Join(_slot, out _);
        asking.Close();
        var later = _coalescer.Join(_slot, out var asks);
        asks.ShouldBeTrue();
        asking.Complete("one_active_booking_per_slot");
        later.Refusal.IsCompleted.ShouldBeFalse();
        _coalescer.Join(_slot, out asks).ShouldBeSameAs(later);
        asks.ShouldBeFalse();
    }

    [Fact]
    public void A_group_that_asked_nothing_completes()
    {
        var asking = _coalescer.Join(_slot, out _);
        asking.Complete(null);
        asking.Refusal.IsCompletedSuccessfully.ShouldBeTrue();
        _coalescer.Join(_slot, out var asks).ShouldNotBeSameAs(asking);
        asks.ShouldBeTrue();
    }
}

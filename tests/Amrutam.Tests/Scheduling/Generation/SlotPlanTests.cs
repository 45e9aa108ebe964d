using Amrutam.Scheduling.Generation;
using Amrutam.Scheduling.TimeOff;
using NodaTime;

namespace Amrutam.Tests.Scheduling.Generation;

public sealed class SlotPlanTests
{
    static readonly Instant Now = Instant.FromUtc(2030, 1, 1, 0, 0);

    [Fact]
    public void Slots_are_published_where_the_rules_want_them_and_closed_elsewhere()
    {
        var (stays, goes) = (Made(10), Made(11));
        var plan = Plan([At(9), At(10)], stays, goes);
        plan.Publish.ShouldBe([At(9)]);
        plan.Close.ShouldBe([(goes, SlotPlan.Rules)]);
        (plan.Kept, plan.Reopen.Count).ShouldBe((1, 0));
    }

    [Fact]
    public void A_booked_slot_stays_and_keeps_what_overlaps_it_out()
    {
        var booked = Made(10) with { Time = At(10.25), Booking = Guid.CreateVersion7(), State = SlotState.Booked };
        var plan = Plan([At(9), At(10), At(10.5), At(11)], booked);
        plan.Publish.ShouldBe([At(9), At(11)]);
        plan.Close.ShouldBeEmpty();
        plan.Kept.ShouldBe(1);
    }

    [Fact]
    public void A_booked_slot_that_the_rules_give_up_is_withdrawn_until_they_ask_for_it_again()
    {
        var booked = Made(10) with { Booking = Guid.CreateVersion7(), State = SlotState.Booked };
        Plan([At(10)], booked).Withdraw.ShouldBeEmpty();
        Plan([], booked).Withdraw.ShouldBe([booked]);
        var withdrawn = booked with { Withdrawn = true };
        Plan([], withdrawn).Withdraw.ShouldBeEmpty();
        Plan([At(10)], withdrawn).Restore.ShouldBe([withdrawn]);
        var freed = withdrawn with { Booking = null, State = SlotState.Open };
        Plan([At(10)], freed).Restore.ShouldBe([freed]);
        var last = Plan([], freed);
        (last.Close.Single(), last.Removed).ShouldBe(((freed, SlotPlan.Rules), 0), "nobody could book it before");
    }

    [Fact]
    public void A_slot_published_by_hand_is_not_the_rules_to_close_and_is_in_their_way()
    {
        var byHand = Made(10) with { Time = At(9.75), FromRules = false };
        var plan = Plan([At(9.5), At(10)], byHand);
        (plan.Publish.Count, plan.Close.Count, plan.Kept).ShouldBe((0, 0, 0));
    }

    [Fact]
    public void A_slot_closed_by_hand_stays_closed()
    {
        var plan = Plan([At(9), At(10), At(11)], Made(10) with { State = SlotState.Closed });
        plan.Publish.ShouldBe([At(9), At(11)]);
        plan.Reopen.ShouldBeEmpty();
    }

    [Fact]
    public void A_slot_that_rules_or_time_off_closed_comes_back_as_the_same_slot()
    {
        var aside = Made(10) with { State = SlotState.SetAside };
        var byHand = Made(15) with { State = SlotState.SetAside, FromRules = false };
        var plan = Plan([At(10)], aside, byHand);
        plan.Reopen.ShouldBe([byHand, aside]);
        (plan.Publish.Count, plan.Added).ShouldBe((0, 2));
        Plan([], aside, byHand).Reopen.ShouldBe([byHand]);
    }

    [Fact]
    public void Time_off_closes_the_slots_that_it_overlaps_and_no_others()
    {
        var (before, inside, byHand) = (Made(9), Made(10), Made(10.5) with { FromRules = false });
        var plan = SlotPlan.Of([At(9), At(10), At(11)], [before, inside, byHand], [new(At(9).End, At(11).Start)], Now);
        plan.Close.ShouldBe([(inside, SlotPlan.TimeOff), (byHand, SlotPlan.TimeOff)]);
        plan.Publish.ShouldBe([At(11)]);
        plan.Kept.ShouldBe(1);
    }

    [Fact]
    public void A_slot_that_has_begun_does_not_change()
    {
        var plan = SlotPlan.Of([At(0.2), At(9)], [Made(-0.2)], [], Now);
        plan.Publish.ShouldBe([At(9)]);
        (plan.Close.Count, plan.Kept).ShouldBe((0, 0));
    }

    [Fact]
    public void A_booking_is_outside_when_part_of_it_is()
    {
        var bookings = new[] { 9, 9.5, 11.75, 13 }.Select(hour =>
            Made(hour) with { State = SlotState.Booked, Booking = Guid.CreateVersion7() }).ToList();
        var windows = new[] { new Interval(At(9).Start, At(10).Start), new(At(10).Start, At(12).Start) };
        SlotPlan.Outside(bookings, windows, Now).ShouldBe([bookings[2], bookings[3]]);
    }

    [Fact]
    public void Each_booking_moves_to_the_nearest_slot_of_its_length_that_its_patient_is_free_for()
    {
        var (one, two) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var (longer, near, far) = (Made(10) with { Time = new(At(10).Start, At(11).Start) }, Made(14), Made(20));
        var busy = new[] { (two, At(20)) }.ToLookup(b => b.Item1, b => b.Item2);
        NearestSlots.Assign([(one, At(12)), (two, At(12.5))], [longer, far, near], busy).ShouldBe([near, null]);
        NearestSlots.Assign([(two, At(12)), (one, At(12.5))], [longer, far, near], busy).ShouldBe([near, far]);
    }

    static SlotPlan Plan(Interval[] wanted, params MadeSlot[] made) => SlotPlan.Of(wanted, made, [], Now);

    static MadeSlot Made(double hour) => new(Guid.CreateVersion7(), At(hour), true, SlotState.Open);

    static Interval At(double hour) => new(Now + Duration.FromHours(hour), Now + Duration.FromHours(hour + 0.5));
}

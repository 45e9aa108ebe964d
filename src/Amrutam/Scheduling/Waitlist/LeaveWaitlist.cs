using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Removes the signed-in patient from a waiting list; a slot on offer goes to the next in line.</summary>
static class LeaveWaitlist
{
    public static void Map(RouteGroupBuilder waitlist) =>
        waitlist.MapDelete("/{id:guid}", Handle)
            .WithSummary("Leave a waiting list")
            .WithDescription("A slot that is held for the caller goes to the next in line.")
            .WithProblems(CommonProblems.Absent, SchedulingProblems.EntryIsOver);

    static Task<StoredResponse<NoContent>> Handle(Guid id, CurrentUser patient, IdempotencyKey key,
        IdempotentTransaction transaction, OfferSlot offers) =>
        transaction.Run(patient, key, new { }, async connection =>
        {
            if (await ChangeEntry.Lock(connection, id, patient) is not { } entry)
                return CommonProblems.NotFound();
            if (entry.Status is not (WaitlistEntry.Waiting or WaitlistEntry.Offered))
                return SchedulingProblems.EntryIsOver.Because();
            await ChangeEntry.End(connection, id, "left", "withdrawn", patient.Id, patient, offers);
            return StoredResponse.NoContent;
        });
}

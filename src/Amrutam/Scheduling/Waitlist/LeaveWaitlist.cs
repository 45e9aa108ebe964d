using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Takes the signed-in patient off a waiting list; what was offered to them goes to the next in
/// line.</summary>
static class LeaveWaitlist
{
    public static void Map(RouteGroupBuilder waitlist) =>
        waitlist.MapDelete("/{id:guid}", Handle).RequireAuthorization(Allow.Patient)
            .WithSummary("Leave a waiting list")
            .WithDescription("A slot that is held for the caller goes to the next in line.")
            .Produces(StatusCodes.Status204NoContent)
            .WithProblems(CommonProblems.Absent, SchedulingProblems.EntryIsOver);

    static Task<IResult> Handle(Guid id, CurrentUser patient, IdempotencyKey key, IdempotentTransaction changes,
        SchedulingSettings settings) =>
        changes.Run(patient, $"DELETE /api/waitlist/{id}", key, new { }, async connection =>
        {
            if (await ChangeEntry.Lock(connection, id, patient) is not { } entry) return StoredResponse.Of(
                CommonProblems.NotFound());
            if (entry.Status is not (WaitlistEntry.Waiting or WaitlistEntry.Offered))
                return StoredResponse.Of(SchedulingProblems.EntryIsOver.Because());
            await ChangeEntry.End(connection, id, "left", "withdrawn", patient, settings);
            return StoredResponse.NoContent;
        });
}

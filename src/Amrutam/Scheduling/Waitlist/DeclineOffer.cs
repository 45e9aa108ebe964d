using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Declines the slot that the waiting list holds for the signed-in patient. It is offered to the next in line,
/// and the patient stays in line for another.</summary>
static class DeclineOffer
{
    public static void Map(RouteGroupBuilder waitlist) =>
        waitlist.MapPost("/{id:guid}/decline", Handle)
            .Replacing(waitlist.MapPost("/{id:guid}/declination", Handle))
            .WithSummary("Decline an offered slot")
            .WithDescription("The slot goes to the next in line. The caller stays in line for another.")
            .Example(Examples.Waiting)
            .WithProblems(CommonProblems.Absent, SchedulingProblems.OfferIsOver, IdempotencyProblems.KeyReused);

    static Task<StoredResponse<Ok<WaitlistEntry>>> Handle(Guid id, CurrentUser patient, IdempotencyKey key,
        IdempotentTransaction transaction, OfferSlot offers) =>
        transaction.Run(patient, key, new { }, async connection =>
        {
            if (await ChangeEntry.Lock(connection, id, patient) is not { } entry)
                return CommonProblems.NotFound();
            if (entry.Offer is null) return SchedulingProblems.OfferIsOver.Because();
            await ChangeEntry.End(connection, id, WaitlistEntry.Waiting, "passed", patient.Id, patient, offers);
            return StoredResponse.Ok((await ChangeEntry.Read(connection, id))!);
        });
}

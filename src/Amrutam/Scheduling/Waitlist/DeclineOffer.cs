using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Declines the slot that the waiting list holds for the signed-in patient. It is offered to the next in line,
/// and the patient stays in line for another.</summary>
static class DeclineOffer
{
    public static void Map(RouteGroupBuilder waitlist) =>
        waitlist.MapPost("/{id:guid}/decline", Handle)
            .Replacing(waitlist.MapPost("/{id:guid}/declination", Handle)).RequireAuthorization(Allow.Patient)
            .WithSummary("Decline an offered slot")
            .WithDescription("The slot goes to the next in line. The caller stays in line for another.")
            .Produces<WaitlistEntry>().Example(Examples.Waiting)
            .WithProblems(CommonProblems.Absent, SchedulingProblems.OfferIsOver, IdempotencyProblems.KeyReused);

    static Task<IResult> Handle(Guid id, CurrentUser patient, IdempotencyKey key, IdempotentTransaction transaction,
        OfferSlot offers) =>
        transaction.Run(patient, key, new { }, async connection =>
        {
            if (await ChangeEntry.Lock(connection, id, patient) is not { } entry)
                return StoredResponse.Of(CommonProblems.NotFound());
            if (entry.Offer is null) return StoredResponse.Of(SchedulingProblems.OfferIsOver.Because());
            await ChangeEntry.End(connection, id, WaitlistEntry.Waiting, "passed", patient.Id, patient, offers);
            return StoredResponse.Of(StatusCodes.Status200OK, (await ChangeEntry.Read(connection, id))!);
        });
}

using Amrutam.Platform;

namespace Amrutam.Scheduling.Waitlist;

/// <summary>Passes the slot that the waiting list holds for the signed-in patient on to the next in line; the patient
/// stays in line for another.</summary>
static class PassOnOffer
{
    public static void Map(RouteGroupBuilder waitlist) =>
        waitlist.MapPost("/{id:guid}/declination", Handle).RequireAuthorization(Allow.Patient)
            .WithSummary("Pass on an offered slot").Produces<WaitlistEntry>().Example(Examples.Waiting)
            .Refuses(Problems.Absent, Rules.OfferIsOver, Rules.KeyReused);

    static Task<IResult> Handle(Guid id, CurrentUser patient, IdempotencyKey key, KeyedChange changes,
        SchedulingSettings settings) =>
        changes.Run(patient, $"POST /api/waitlist/{id}/declination", key, new { }, async connection =>
        {
            if (await ChangeEntry.Lock(connection, id, patient) is not { } entry) return Answer.Of(Problems.NotFound());
            if (entry.Offer is null) return Answer.Of(Rules.OfferIsOver.Because());
            await ChangeEntry.End(connection, id, WaitlistEntry.Waiting, "passed", patient, settings);
            return Answer.Of(StatusCodes.Status200OK, (await ChangeEntry.Read(connection, id))!);
        });
}

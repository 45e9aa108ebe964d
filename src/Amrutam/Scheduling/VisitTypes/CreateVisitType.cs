using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>Adds a kind of visit to the clinic's catalogue, by an admin.</summary>
static class CreateVisitType
{
    /// <param name="First">False: a follow-up.</param>
    /// <param name="FollowUpWithinDays">For a follow-up; a year if not given.</param>
    public sealed record Request(string Name, int Minutes, string Mode, bool First, string? Description = null,
        string? Address = null, int? FollowUpWithinDays = null, string BookableBy = VisitType.Patients,
        int? FeeMinor = null, string Currency = Fees.DefaultCurrency, int BufferBeforeMinutes = 0,
        int BufferAfterMinutes = 0, int? MinimumNoticeMinutes = null, int? CancellationWindowMinutes = null,
        bool? RequiresConfirmation = null, bool Active = true);

    public static void Map(RouteGroupBuilder types) => types.MapPost("", Handle)
        .WithSummary("Add a kind of visit")
        .WithDescription("Doctors can offer the kind, and patients or staff can then book it.")
        .Example(VisitTypeExamples.NewVisit)
        .WithLocation().WithETag().Example(VisitTypeExamples.First)
        .WithProblems(CommonProblems.Invalid, IdempotencyProblems.KeyReused);

    static async Task<StoredResponse<Created<VisitType>>> Handle(Request request, CurrentUser admin, IdempotencyKey key,
        IdempotentTransaction transaction)
    {
        var fields = new RequestValidation();
        var type = VisitTypeValidation.Check(fields, Of(request));
        if (fields.Wrong) return fields.Problem();
        return await transaction.Run<Request, Created<VisitType>>(admin, key, request, async connection =>
        {
            var saved = await SaveVisitType.Save(connection, type, admin);
            return StoredResponse.Created(saved, "/api/visit-types/" + saved.Id).Response with
            {
                ETag = IfMatch.Tag(saved.Revision),
            };
        });
    }

    public static VisitType Of(Request r) => new(Guid.CreateVersion7(), r.Name, r.Description, r.Minutes, r.Mode,
        r.Address, r.First,
        r.First ? r.FollowUpWithinDays : r.FollowUpWithinDays ?? VisitTypeValidation.DefaultFollowUpDays, r.BookableBy,
        r.FeeMinor, r.Currency, r.BufferBeforeMinutes, r.BufferAfterMinutes, r.MinimumNoticeMinutes,
        r.CancellationWindowMinutes, r.RequiresConfirmation, r.Active, Revision: 1);
}

using Amrutam.Platform.Http.Binding;
using NodaTime;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>Examples of kinds of visit for OpenAPI.</summary>
static class VisitTypeExamples
{
    public static readonly Guid Id = Guid.Parse("0193f7f0-2a1d-7b2c-8e1d-0f3a7b8c9d01");

    const string Name = "First consultation", Description = "History, pulse reading and a plan of treatment.";
    const string Address = "12 Temple Road, Mysuru";
    const int Minutes = 45, Fee = 80_000, OwnFee = 90_000, Notice = 60, Window = 24 * 60, Buffer = 5;

    public static readonly CreateVisitType.Request NewVisit = new(Name, Minutes, VisitType.InPerson, First: true,
        Description, Address, FeeMinor: Fee, BufferAfterMinutes: Buffer, MinimumNoticeMinutes: Notice,
        CancellationWindowMinutes: Window);

    public static readonly ChangeVisitType.Request Withdrawal = new() { Active = false };

    public static readonly VisitType First = new(Id, Name, Description, Minutes, VisitType.InPerson, Address,
        First: true, FollowUpWithinDays: null, VisitType.Patients, Fee, Fees.DefaultCurrency, BufferBeforeMinutes: 0,
        Buffer, Notice, Window, RequiresConfirmation: null, Active: true, Revision: 1);

    public static readonly ListVersions.Version Version = new(1, Instant.FromUtc(2030, 1, 4, 9, 12, 31), First);

    public static readonly OfferVisitTypes.Request Offer = new([new(Id, FeeMinor: OwnFee)]);

    public static readonly OfferedVisitType Offered = new(Id, Name, Description, Minutes, VisitType.InPerson, Address,
        First: true, FollowUpWithinDays: null, VisitType.Patients, OwnFee, Fees.DefaultCurrency, Active: true,
        IsDefault: true);
}

using System.Runtime.CompilerServices;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.VisitTypes;

/// <summary>Changes the members of a kind of visit that the request has, by an admin; null clears a member that may be
/// empty.</summary>
/// <remarks>Bookings keep the values that they were made with. <c>active: false</c> withdraws the kind.</remarks>
static class ChangeVisitType
{
    /// <summary>An init accessor runs only for a member that the body has. So null and absent differ.</summary>
    public sealed record Request
    {
        readonly HashSet<string> _given = [];

        public string? Name { get; init => field = Given(value); }
        public string? Description { get; init => field = Given(value); }
        public int? Minutes { get; init => field = Given(value); }
        public string? Mode { get; init => field = Given(value); }
        public string? Address { get; init => field = Given(value); }
        public bool? First { get; init => field = Given(value); }
        public int? FollowUpWithinDays { get; init => field = Given(value); }
        public string? BookableBy { get; init => field = Given(value); }
        public int? FeeMinor { get; init => field = Given(value); }
        public string? Currency { get; init => field = Given(value); }
        public int? BufferBeforeMinutes { get; init => field = Given(value); }
        public int? BufferAfterMinutes { get; init => field = Given(value); }
        public int? MinimumNoticeMinutes { get; init => field = Given(value); }
        public int? CancellationWindowMinutes { get; init => field = Given(value); }
        public bool? RequiresConfirmation { get; init => field = Given(value); }
        public bool? Active { get; init => field = Given(value); }

        /// <summary>The kind after the change, not checked yet.</summary>
        public VisitType Of(VisitType before)
        {
            var first = First ?? before.First;
            return new(before.Id, Name ?? before.Name, Value(Description, before.Description, nameof(Description)),
                Minutes ?? before.Minutes, Mode ?? before.Mode, Value(Address, before.Address, nameof(Address)), first,
                Days(first, before.FollowUpWithinDays), BookableBy ?? before.BookableBy,
                Value(FeeMinor, before.FeeMinor, nameof(FeeMinor)), Currency ?? before.Currency,
                BufferBeforeMinutes ?? before.BufferBeforeMinutes, BufferAfterMinutes ?? before.BufferAfterMinutes,
                Value(MinimumNoticeMinutes, before.MinimumNoticeMinutes, nameof(MinimumNoticeMinutes)),
                Value(CancellationWindowMinutes, before.CancellationWindowMinutes, nameof(CancellationWindowMinutes)),
                Value(RequiresConfirmation, before.RequiresConfirmation, nameof(RequiresConfirmation)),
                Active ?? before.Active, before.Revision);
        }

        /// <summary>Follows <paramref name="first"/> where the request has no days: a follow-up needs them.</summary>
        int? Days(bool first, int? before) => FollowUpWithinDays
            ?? (first ? null : before ?? VisitTypeValidation.DefaultFollowUpDays);

        T Value<T>(T given, T before, string member) => _given.Contains(member) ? given : before;

        T Given<T>(T value, [CallerMemberName] string member = "")
        {
            _given.Add(member);
            return value;
        }
    }

    public static void Map(RouteGroupBuilder types) => types.MapPatch("/{id:guid}", Handle)
        .WithSummary("Change a kind of visit")
        .WithDescription("Members that are not given stay as they are. Bookings keep the values they were made with.")
        .WithETag().Example(VisitTypeExamples.Withdrawal)
        .WithProblems(CommonProblems.Absent, CommonProblems.Invalid, SchedulingProblems.VisitTypeIsStale);

    static Task<Results<Ok<VisitType>, ProblemHttpResult>> Handle(Guid id, Request request, CurrentUser admin,
        IfMatch match, HttpResponse response, NpgsqlDataSource db) =>
        db.InTransaction<Results<Ok<VisitType>, ProblemHttpResult>>(async connection =>
        {
            if (await connection.Statement(Lock).With(id).One(VisitType.Read) is not { } before)
                return CommonProblems.NotFound();
            if (!match.Allows(before.Revision)) return SchedulingProblems.VisitTypeIsStale.Because();
            var fields = new RequestValidation();
            var after = VisitTypeValidation.Check(fields, request.Of(before));
            if (fields.Wrong) return fields.Problem();
            if (after != before) after = await SaveVisitType.Save(connection, after, admin);
            response.Headers.ETag = IfMatch.Tag(after.Revision);
            return TypedResults.Ok(after);
        });

    const string Lock = $"select {VisitType.Columns} from scheduling.visit_types v where v.id = $1 for update";
}

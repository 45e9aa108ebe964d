using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Schedule;

/// <summary>Reads the signed-in doctor's weekly rules, with the ETag that a replacement must send.</summary>
static class ReadAvailability
{
    public sealed record Response(
        IReadOnlyList<ScheduleRule> Rules, int MinimumNoticeMinutes, int HorizonDays, string TimeZone);

    public static void Map(RouteGroupBuilder availability) => availability.MapGet("", Handle)
        .WithSummary("Read your weekly availability")
        .WithDescription("The weekly rules, with the ETag that a replacement must send.")
        .WithETag().Example(Examples.Availability).WithProblems(SchedulingProblems.DoctorHasNoProfile);

    static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(
        CurrentUser doctor, HttpResponse response, NpgsqlDataSource db, CancellationToken ct)
    {
        await using var connection = await db.OpenConnectionAsync(ct);
        if (await DoctorCalendar.Of(connection, doctor.Id, ct) is not { } calendar)
            return SchedulingProblems.DoctorHasNoProfile.Because();
        response.Headers.ETag = IfMatch.Tag(calendar.Revision);
        return TypedResults.Ok(new Response(calendar.Offered.Rules, calendar.Offered.MinimumNoticeMinutes,
            calendar.Offered.HorizonDays, calendar.Zone.Id));
    }
}

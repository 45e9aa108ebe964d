using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Amrutam.Scheduling.Bookings.Steps;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Lists the bookings of the caller's patients, or those of a doctor, the latest start first unless the
/// soonest is asked for.</summary>
static class ListBookings
{
    /// <param name="From">The first start.</param>
    /// <param name="To">The instant before which bookings start.</param>
    /// <param name="Sort">starts_at, or -starts_at when not given.</param>
    public sealed record Filters(string? Status, QueryInstant? From, QueryInstant? To,
        [property: FromQuery(Name = "series_id")] Guid? SeriesId, string? Sort);

    public const string Soonest = "starts_at";

    public static readonly string[] Statuses = [.. LifeCycle.Statuses, Booking.Moved], Sorts = ["-starts_at", Soonest];

    sealed record Key(Instant StartsAt, Guid Id);

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapGet("", Handle).RequireAuthorization(Allow.PatientOrDoctor)
            .WithSummary("List your bookings")
            .WithDescription("The bookings of the caller and of dependants, or those of a doctor with the patients. "
                + "The latest start is first unless `sort` is `starts_at`.")
            .RecordsAccess<Page<Booking>>("bookings.read", "booking",
                page => page.Items.Select(b => new Shown(b.PatientId, b.Id)))
            .Example(Examples.PageOf(Examples.Confirmed)).WithProblems(CommonProblems.Invalid, PageQuery.NotACursor);

    static async Task<Results<Ok<Page<Booking>>, ProblemHttpResult>> Handle([AsParameters] PageQuery query,
        [AsParameters] Filters filters, CurrentUser user, NpgsqlDataSource db, CancellationToken ct)
    {
        if (filters.Status is { } status && !Statuses.Contains(status))
            return CommonProblems.Field("status", "must be one of " + string.Join(", ", Statuses));
        if (filters.Sort is { } sort && !Sorts.Contains(sort))
            return CommonProblems.Field("sort", "must be one of " + string.Join(", ", Sorts));
        var page = query.Open<Key>();
        if (page.Refusal is not null) return page.Refusal;
        var (isDoctor, soonest) = (user.Role == Allow.Doctor, filters.Sort == Soonest);
        Func<NpgsqlDataReader, Booking> read = isDoctor ? Booking.ReadWithPatient : Booking.Read;
        var rows = await db.Statement(isDoctor ? soonest ? SoonestOfDoctor : LatestOfDoctor
                : soonest ? SoonestOfPatients : LatestOfPatients)
            .With(user.Id).With(filters.Status).With(filters.From?.Value).With(filters.To?.Value)
            .With(page.After?.StartsAt).With(page.After?.Id).With(page.Fetch).With(filters.SeriesId)
            .List(read, ct);
        return TypedResults.Ok(page.Of(rows, booking => booking, booking => new Key(booking.StartsAt, booking.Id)));
    }

    const string Filtered = $"""

           and ($2::text is null or $2 = {Booking.StatusNow})
           and b.starts_at >= coalesce($3::timestamptz, '-infinity')
           and b.starts_at < coalesce($4::timestamptz, 'infinity')
           and ($8::uuid is null or b.series_id = $8)
        """;

    const string DownToLimit = " order by b.starts_at desc, b.id desc limit $7";

    const string UpToLimit = " order by b.starts_at, b.id limit $7";

    const string LatestFirst = $"""
        {Filtered}
           and (b.starts_at, b.id) < (coalesce($5::timestamptz, 'infinity'), $6)
         {DownToLimit}
        """;

    const string SoonestFirst = $"""
        {Filtered}
           and (b.starts_at, b.id) > (coalesce($5::timestamptz, '-infinity'), $6)
         {UpToLimit}
        """;

    // A page of each patient by the index, then the page of all of them.
    const string EachPatient = """
          from patients.held_by($1) h
         cross join lateral (select b.* from scheduling.bookings b where b.patient_id = h.patient_id
        """;

    // With the visits that were moved to another doctor.
    const string OfDoctor = $"""
        select {Booking.ColumnsWithPatient} from scheduling.bookings_of_doctors b {Booking.People}
         where b.doctor_id = $1
        """;

    const string LatestOfPatients = $"select {Booking.Columns} {EachPatient} {LatestFirst}) b {DownToLimit}";

    const string SoonestOfPatients = $"select {Booking.Columns} {EachPatient} {SoonestFirst}) b {UpToLimit}";

    const string LatestOfDoctor = OfDoctor + LatestFirst;

    const string SoonestOfDoctor = OfDoctor + SoonestFirst;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Amrutam.Scheduling.Bookings.Steps;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Bookings;

/// <summary>Lists the caller's bookings as patient or as doctor, the latest start first.</summary>
static class ListBookings
{
    sealed record Key(Instant StartsAt, Guid Id);

    public static void Map(RouteGroupBuilder bookings) =>
        bookings.MapGet("", Handle).RequireAuthorization(Allow.PatientOrDoctor)
            .WithSummary("List your bookings")
            .WithDescription("A patient's or a doctor's own bookings, the latest start first.")
            .Produces<Page<Booking>>()
            .RecordsAccess<Page<Booking>>("bookings.read", "booking",
                page => page.Items.Select(b => new Shown(b.PatientId, b.Id)))
            .Example(Examples.PageOf(Examples.Confirmed)).WithProblems(CommonProblems.Invalid, PageQuery.NotACursor);

    static async Task<IResult> Handle([AsParameters] PageQuery query, CurrentUser user, NpgsqlDataSource db,
        CancellationToken ct, string? status = null, QueryInstant? from = null, QueryInstant? to = null)
    {
        if (status is not null && !LifeCycle.Statuses.Contains(status))
            return CommonProblems.Field("status", "must be one of " + string.Join(", ", LifeCycle.Statuses));
        var page = query.Open<Key>();
        if (page.Refusal is not null) return page.Refusal;
        var rows = await db.Statement(user.Role == Allow.Doctor ? OfDoctor : OfPatient).With(user.Id).With(status)
            .With(from?.Value).With(to?.Value).With(page.After?.StartsAt).With(page.After?.Id).With(page.Fetch)
            .List(Booking.Read, ct);
        return TypedResults.Ok(page.Of(rows, booking => booking, booking => new Key(booking.StartsAt, booking.Id)));
    }

    const string Filters = $"""

           and ($2::text is null or $2 = {Booking.StatusNow})
           and b.starts_at >= coalesce($3::timestamptz, '-infinity')
           and b.starts_at < coalesce($4::timestamptz, 'infinity')
           and (b.starts_at, b.id) < (coalesce($5::timestamptz, 'infinity'), $6)
         order by b.starts_at desc, b.id desc
         limit $7
        """;

    const string OfPatient =
        "select " + Booking.Columns + " from scheduling.bookings b where b.patient_id = $1" + Filters;

    const string OfDoctor =
        "select " + Booking.Columns + " from scheduling.bookings b where b.doctor_id = $1" + Filters;
}

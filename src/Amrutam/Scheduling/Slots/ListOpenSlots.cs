using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Slots;

/// <summary>Lists a doctor's bookable slots by time; dates are days of the doctor's zone. 404 for a doctor who is not
/// in the directory.</summary>
static class ListOpenSlots
{
    // A slot may begin years from now, beyond the range of a time span.
    const double MaxCacheSeconds = 3600;

    sealed record Key(Instant StartsAt, Guid Id);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/doctors/{id:guid}/slots", Handle).AllowAnonymous().CachePublic("id")
            .WithTags("Slots").WithSummary("List a doctor's open slots")
            .WithDescription("Slots that can be booked now, in the order of their start. "
                + "With `visit_type_id` those at which a visit of that kind fits, with its price.")
            .Example(Examples.PageOf(Examples.Open))
            .WithProblems(CommonProblems.Absent, CommonProblems.Invalid, PageQuery.NotACursor);

    /// <param name="Slot">Null in the only row of a doctor without open slots.</param>
    /// <param name="ValidSeconds">Until this slot begins, or a hold of one of the doctor's slots ends.</param>
    sealed record Row(Slot? Slot, double ValidSeconds);

    static async Task<Results<Ok<Page<Slot>>, ProblemHttpResult>> Handle(Guid id, [AsParameters] PageQuery query,
        [FromKeyedServices(Database.ForLists)] NpgsqlDataSource db, SchedulingSettings settings, HttpContext http,
        CancellationToken ct, QueryDate? from = null, QueryDate? to = null,
        [FromQuery(Name = "visit_type_id")] Guid? visitType = null)
    {
        if (to?.Value < from?.Value) return CommonProblems.Field("to", "must not be before from");
        var page = query.Open<Key>();
        if (page.Refusal is not null) return page.Refusal;
        Instant? starts = null, ends = null;
        if (from is not null || to is not null)
        {
            var zone = await db.Statement(ZoneOfListed).With(id).With(settings.VerifiedDoctorsOnly).Value<string>(ct);
            if (zone is null) return CommonProblems.NotFound();
            (starts, ends) = Slot.Between(from?.Value, to?.Value, zone);
        }
        var rows = await db.Statement(Select).With(id).With(starts).With(ends)
            .With(page.After?.StartsAt).With(page.After?.Id).With(page.Fetch).With(settings.VerifiedDoctorsOnly)
            .With(visitType).List(Read, ct);
        if (rows.Count == 0) return CommonProblems.NotFound();
        List<Slot> slots = [.. rows.Select(row => row.Slot).OfType<Slot>()];
        if (slots.Count > 0)
            http.CacheFor(TimeSpan.FromSeconds(Math.Min(MaxCacheSeconds, rows.Min(row => row.ValidSeconds))));
        return TypedResults.Ok(page.Of(slots, slot => slot, slot => new Key(slot.StartsAt, slot.Id)));
    }

    static Row Read(NpgsqlDataReader row) => row.IsDBNull(0) ? new(null, 0)
        : new(Slot.Read(row) with { VisitType = VisitTypeCopy.Read(row.GetStringOrNull(7)) }, row.GetDouble(6));

    const string ZoneOfListed = "select time_zone from doctors.bookable_doctors($2) where id = $1";

    // The doctor first: a doctor without open slots has one row, an unknown doctor none.
    const string Select = """
        select s.id, p.id, s.starts_at, s.ends_at, p.time_zone, 'open',
               (extract(epoch from least(s.starts_at, s.bookable_until, (
               select min(h.held_until) from scheduling.slots h
                where h.doctor_id = $1 and h.held_by is not null and h.held_until > statement_timestamp())))
               - extract(epoch from statement_timestamp()))::float8, s.visit::text
          from doctors.bookable_doctors($7) p
          left join lateral (
            select s.*, v.visit from scheduling.open_slots s
              left join lateral scheduling.visit_that_fits(s.id, s.doctor_id, s.starts_at, s.ends_at, $8, null, null) v
                on $8::uuid is not null
             where s.doctor_id = $1
               and s.starts_at > greatest(statement_timestamp(), $2::timestamptz - interval '1 microsecond')
               and s.starts_at < coalesce($3::timestamptz, 'infinity')
               and ($8 is null or v.visit is not null)
               and (s.starts_at, s.id) > (coalesce($4::timestamptz, '-infinity'), $5)
             order by s.starts_at, s.id
             limit $6) s on true
         where p.id = $1
         order by s.starts_at, s.id
        """;
}

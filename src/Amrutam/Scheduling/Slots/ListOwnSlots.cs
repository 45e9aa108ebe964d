using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Scheduling.Slots;

/// <summary>Lists the signed-in doctor's slots by time; closed ones only on request.</summary>
static class ListOwnSlots
{
    sealed record Key(Instant StartsAt, Guid Id);

    public static readonly string[] Statuses = ["open", "held", "booked", "closed"];

    public static void Map(RouteGroupBuilder slots) => slots.MapGet("", Handle).RequireAuthorization(Allow.Doctor)
        .WithSummary("List your slots")
        .WithDescription("In the order of their start. Closed slots are listed only with `status=closed`.")
        .Example(Examples.PageOf(Examples.Open)).WithProblems(CommonProblems.Invalid, PageQuery.NotACursor);

    static async Task<Results<Ok<Page<Slot>>, ProblemHttpResult>> Handle([AsParameters] PageQuery query,
        CurrentUser doctor, NpgsqlDataSource db, CancellationToken ct, QueryDate? from = null, QueryDate? to = null,
        string? status = null)
    {
        if (status is not null && !Statuses.Contains(status))
            return CommonProblems.Field("status", "must be one of " + string.Join(", ", Statuses));
        if (to?.Value < from?.Value) return CommonProblems.Field("to", "must not be before from");
        var page = query.Open<Key>();
        if (page.Refusal is not null) return page.Refusal;
        var zone = await db.Statement(PublishSlot.ZoneOfDoctor).With(doctor.Id).Value<string>(ct) ?? "";
        var (starts, ends) = Slot.Between(from?.Value, to?.Value, zone);
        var rows = await db.Statement(Select).With(doctor.Id).With(starts).With(ends).With(status)
            .With(page.After?.StartsAt).With(page.After?.Id).With(page.Fetch).With(zone).List(Slot.Read, ct);
        return TypedResults.Ok(page.Of(rows, slot => slot, slot => new Key(slot.StartsAt, slot.Id)));
    }

    const string Select = "select " + Slot.Columns + """

          from scheduling.slots s cross join (select $8::text as time_zone) p
         where s.doctor_id = $1
           and ($4 = 'closed' or s.closed_at is null)
           and s.starts_at >= coalesce($2::timestamptz, '-infinity')
           and s.starts_at < coalesce($3::timestamptz, 'infinity')
           and ($4::text is null or $4 = scheduling.slot_state(s))
           and (s.starts_at, s.id) > (coalesce($5::timestamptz, '-infinity'), $6)
         order by s.starts_at, s.id
         limit $7
        """;
}

using Amrutam.Doctors.Contracts;
using Amrutam.Doctors.Profiles;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Caching;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace Amrutam.Doctors.Directory;

/// <summary>Lists the doctors that are shown, by words, specialization, language, fee, free day and kind of
/// visit.</summary>
/// <remarks>
/// There are four ways to read the list, chosen for their cost with ten thousand doctors
/// (docs/decisions/0201-directory.md). With words, the matches are found by index and sorted. Without words, an index
/// has the order. Soonest walks the open slots of all doctors from now on, and asks every doctor for their next slot
/// only if that yields too few. When a slot is booked between two pages, its doctor moves in the order of soonest and
/// may appear twice or not at all. Doctors of a kind of visit are found by <see cref="DoctorsOfVisitType"/>.
/// </remarks>
static class ListDoctors
{
    /// <param name="Q">Words of the name, specialization, languages or description. Spelling may vary, and a name in an
    /// Indian script is found in Latin letters too. Without a letter or digit it finds nobody.</param>
    /// <param name="Specialization">Words of the specialization alone.</param>
    /// <param name="Language">A BCP 47 code or the name of a language.</param>
    /// <param name="MaxFeeMinor">The highest fee; doctors who name no fee are left out.</param>
    /// <param name="Currency">The currency of the fee, because fees are compared as numbers.</param>
    /// <param name="AvailableOn">A date in the doctor's own zone on which a slot is open.</param>
    /// <param name="Sort">relevance (the default with q), name (the default without), soonest, fee or
    /// experience.</param>
    /// <param name="VisitTypeId">Doctors who offer this kind of visit. The fee, the free day and the next slot are then
    /// those of the kind.</param>
    public sealed record Filters(
        string? Q, string? Specialization, string? Language, [FromQuery(Name = "max_fee_minor")] int? MaxFeeMinor,
        string? Currency, [FromQuery(Name = "available_on")] string? AvailableOn, string? Sort,
        [FromQuery(Name = "visit_type_id")] Guid? VisitTypeId);

    /// <summary>The end of a page: the sort key as a number and a text, and the doctor's id.</summary>
    public sealed record Key(long Number, string Text, Guid Id)
    {
        public static readonly Key BeforeAll = new(long.MinValue, "", Guid.Empty);

        public bool HasOpenSlot => Number < long.MaxValue;

        /// <summary>The number as an instant: microseconds, which is what PostgreSQL keeps.</summary>
        public Instant At =>
            this == BeforeAll ? NodaConstants.UnixEpoch : Instant.FromUnixTimeTicks(Number * MicrosecondTicks);
    }

    public sealed record Row(Doctor Doctor, Key Key);

    /// <summary>The filters, checked and in the form that is compared.</summary>
    public sealed record Wanted(
        string? Q, string? Specialization, string? Language, int? MaxFeeMinor, string? Currency, LocalDate? On,
        string Sort);

    public const int MaxText = 200;
    const int MicrosecondTicks = 10;

    public static readonly string[] Sorts = ["relevance", "name", "soonest", "fee", "experience"];

    // A hundred times the slowest search that was measured with ten thousand doctors.
    public static readonly TimeSpan MostSearch = TimeSpan.FromSeconds(2);

    public static void Map(RouteGroupBuilder doctors) => doctors.MapGet("/", Handle)
        .AllowAnonymous().CachePublic().WithSummary("Find a doctor")
        .WithDescription("Open to all. Filters can be combined, and misspelt words are forgiven. "
            + "With `visit_type_id`, the fee filters, the sort and the next slot are those of the kind of visit.")
        .WithProblems(PageQuery.NotACursor, CommonProblems.Invalid);

    static async Task<Results<Ok<Page<Doctor>>, ProblemHttpResult>> Handle(
        [AsParameters] Filters filters, [AsParameters] PageQuery asked, DoctorsShown shown,
        DoctorsOfVisitType ofVisitType,
        [FromKeyedServices(Database.ForLists)] NpgsqlDataSource db, CancellationToken ct)
    {
        var fields = new RequestValidation();
        var wanted = Check(fields, filters);
        if (fields.Wrong) return fields.Problem();
        var page = asked.Open<Key>();
        if (page.Refusal is { } refusal) return refusal;
        var after = page.After ?? Key.BeforeAll;
        var rows = filters.VisitTypeId is { } type
            ? await ofVisitType.Find(type, wanted, shown.VerifiedOnly, after, page.Fetch, ct)
            : await Find(db, wanted, shown.VerifiedOnly, after, page.Fetch, ct);
        return TypedResults.Ok(page.Of(rows, row => row.Doctor, row => row.Key));
    }

    static Wanted Check(RequestValidation fields, Filters filters)
    {
        var q = fields.Text("q", filters.Q, MaxText);
        var specialization = fields.Text("specialization", filters.Specialization, ProfileValidation.MaxSpecialization);
        var language = string.IsNullOrWhiteSpace(filters.Language) ? null : Languages.Code(filters.Language) ?? "";
        fields.Refuse(language is "", "language", "must be the code or name of a language, as hi or Hindi");
        fields.Refuse(filters.MaxFeeMinor < 0, "max_fee_minor", "must not be negative");
        var currency = string.IsNullOrEmpty(filters.Currency) ? null
            : ProfileValidation.Currency(fields, filters.Currency);
        var on = string.IsNullOrEmpty(filters.AvailableOn) ? null : LocalDatePattern.Iso.Parse(filters.AvailableOn);
        fields.Refuse(on is not null && !(on.Success && TimeZones.InRange(on.Value)),
            "available_on", "must be a date that exists, as 2026-11-22");
        var sort = string.IsNullOrEmpty(filters.Sort) ? "relevance" : filters.Sort;
        fields.Refuse(!Sorts.Contains(sort), "sort", "must be one of " + string.Join(", ", Sorts));
        // Without words there is no relevance to sort by.
        return new(q, specialization, language, filters.MaxFeeMinor, currency,
            on is { Success: true } ? on.Value : null, q is null && sort == "relevance" ? "name" : sort);
    }

    static async Task<List<Row>> Find(
        NpgsqlDataSource db, Wanted wanted, bool verifiedOnly, Key after, int fetch, CancellationToken ct)
    {
        if (wanted is { Sort: "soonest", Q: null } && after.HasOpenSlot)
        {
            var near = await Filtered(db.Statement(FindSoonestNear))
                .With(after.At).With(after.Id).With(wanted.Specialization).List(Read, ct);
            if (near.Count == fetch) return near;
        }
        var statement = wanted switch
        {
            { Q: null, Specialization: null, Sort: "name" } =>
                Filtered(db.Statement(FindByName)).With(after.Text).With(after.Id),
            { Q: null, Specialization: null, Sort: "fee" } =>
                Filtered(db.Statement(FindByFee)).With(after.Number).With(after.Id),
            { Q: null, Specialization: null, Sort: "experience" } =>
                Filtered(db.Statement(FindByExperience)).With(after.Number).With(after.Id),
            { Q: null, Specialization: null } =>
                Filtered(db.Statement(FindSoonest)).With(after.Number).With(after.Id),
            _ => Filtered(db.Statement(FindByWords)).With(after.Number).With(after.Text).With(after.Id)
                .With(wanted.Q).With(wanted.Specialization).With(wanted.Sort),
        };
        return await statement.Within(MostSearch).List(Read, ct);

        Statement Filtered(Statement find) => find.With(verifiedOnly).With(wanted.Language).With(wanted.MaxFeeMinor)
            .With(wanted.Currency).WithJson(wanted.On is { } on ? DayOfDoctors.Json(on) : null).With(fetch);
    }

    public static Row Read(NpgsqlDataReader row)
    {
        var doctor = Doctor.Read(row);
        return new(doctor, new(row.GetInt64(Doctor.ColumnCount), row.GetString(Doctor.ColumnCount + 1), doctor.Id));
    }

    // In every statement $1 to $5 are the filters and $6 the number of rows; $7 and later differ. $5 is a day of
    // DayOfDoctors. The first condition ends the search early on a day without any open slot in any zone.
    const string AroundTheDay = """
        s.starts_at > now() and s.starts_at >= to_timestamp(($5::jsonb ->> 'from')::float8)
        and s.starts_at < to_timestamp(($5::jsonb ->> 'until')::float8)
        """;

    const string OnTheDay = """
        s.starts_at > now() and s.starts_at >= to_timestamp(($5::jsonb -> 'zones' -> d.time_zone ->> 0)::float8)
        and s.starts_at < to_timestamp(($5::jsonb -> 'zones' -> d.time_zone ->> 1)::float8)
        """;

    const string Matches = $"""
        ($2::text is null or d.languages @> array[$2])
        and ($3::int is null or d.fee_minor <= $3)
        and ($4::text is null or d.currency = $4)
        and ($5::jsonb is null or (
            exists (select from scheduling.open_slots s where {AroundTheDay})
            and exists (select from scheduling.open_slots s where s.doctor_id = d.id and {OnTheDay})))
        """;

    const string FindByName = $"""
        select {Doctor.Columns}, 0::bigint, lower(d.full_name)
          from (select * from doctors.profiles d
                 where (lower(d.full_name), d.id) > ($7::text, $8::uuid) and {Matches} and {Doctor.IsBookable}
                 order by lower(d.full_name), d.id limit $6) d
          {Doctor.NextOpenSlot}
         order by lower(d.full_name), d.id
        """;

    const string FindByFee = $"""
        select {Doctor.Columns}, coalesce(d.fee_minor, 2147483647)::bigint, ''
          from (select * from doctors.profiles d
                 where (coalesce(d.fee_minor, 2147483647), d.id) > ($7::bigint, $8::uuid)
                   and {Matches} and {Doctor.IsBookable}
                 order by coalesce(d.fee_minor, 2147483647), d.id limit $6) d
          {Doctor.NextOpenSlot}
         order by coalesce(d.fee_minor, 2147483647), d.id
        """;

    const string FindByExperience = $"""
        select {Doctor.Columns}, -d.experience::bigint, ''
          from (select * from doctors.profiles d
                 where ((-d.experience), d.id) > ($7::bigint, $8::uuid) and {Matches} and {Doctor.IsBookable}
                 order by (-d.experience), d.id limit $6) d
          {Doctor.NextOpenSlot}
         order by (-d.experience), d.id
        """;

    // The next thousand open slots; the first of a doctor's among them is their next unless an earlier one is open.
    const string FindSoonestNear = $"""
        select {Doctor.Columns}, (extract(epoch from next.starts_at) * 1000000)::bigint, ''
          from (select s.doctor_id, s.starts_at from scheduling.open_slots s
                 where s.starts_at > now() and (s.starts_at, s.doctor_id) > ($7::timestamptz, $8::uuid)
                 order by s.starts_at, s.doctor_id limit 1000) next
          join doctors.profiles d on d.id = next.doctor_id
         where {Matches} and {Doctor.IsBookable}
           and ($9::text is null or d.search @@ (select doctors.query_of($9, 'B', $1)))
           and not exists (
               select from scheduling.open_slots earlier
                where earlier.doctor_id = next.doctor_id
                  and earlier.starts_at > now() and earlier.starts_at < next.starts_at)
         order by next.starts_at, next.doctor_id limit $6
        """;

    // Doctors without an open slot come last.
    const string FindSoonest = $"""
        select {Doctor.Columns}, page.key, ''
          from (select d.id, d.key
                  from (select d.id, coalesce((extract(epoch from next.starts_at) * 1000000)::bigint,
                                              9223372036854775807) as key
                          from doctors.profiles d {Doctor.NextOpenSlot}
                         where {Matches}
                         order by key, d.id) d
                 where (d.key, d.id) > ($7::bigint, $8::uuid) and {Doctor.IsBookable}
                 order by d.key, d.id limit $6) page
          join doctors.profiles d on d.id = page.id
          {Doctor.NextOpenSlot}
         order by page.key, page.id
        """;

    /// <summary>The words ($10) and the specialization ($11) as queries, in <c>words</c>.</summary>
    public const string Words = """
        words as materialized (
            select q, plainto_tsquery('simple', doctors.folded($10)) as as_typed,
                   case when $10 is null then specialization when $11 is null then q else q && specialization end
                       as wanted
              from doctors.query_of($10::text, '', $1) q, doctors.query_of($11::text, 'B', $1) specialization)
        """;

    /// <summary>The rank of a profile <c>d</c> for <see cref="Words"/>; the best comes first.</summary>
    public const string Relevance =
        "-((ts_rank(d.search, words.q) + ts_rank(d.search, words.as_typed)) * 1000000)::bigint";

    // Words as they were typed count twice, so that their matches come before those that only sound or look alike. A
    // part that has no words, as q=%, finds nobody. The query is a scalar, so that it reaches the indexes of
    // shown_profiles.
    const string FindByWords = $"""
        with {Words},
        found as (
            select d.id, case $12::text
                       when 'soonest' then
                           coalesce((extract(epoch from soonest.starts_at) * 1000000)::bigint, 9223372036854775807)
                       when 'fee' then coalesce(d.fee_minor, 2147483647)
                       when 'experience' then -d.experience
                       when 'relevance' then {Relevance}
                       else 0 end as number,
                   case $12 when 'name' then lower(d.full_name) else '' end as text
              from words
              cross join doctors.shown_profiles($1) d
              left join lateral (
                  select s.starts_at from scheduling.open_slots s
                   where $12 = 'soonest' and s.doctor_id = d.id and s.starts_at > now()
                   order by s.starts_at limit 1) soonest on true
             where d.search @@ (select wanted from words) and {Matches}
             order by number, text, d.id),
        page as (
            select * from found d
             where (d.number, d.text, d.id) > ($7::bigint, $8::text, $9::uuid) and {Doctor.IsBookable}
             order by d.number, d.text, d.id limit $6)
        select {Doctor.Columns}, page.number, page.text
          from page
          join doctors.profiles d on d.id = page.id
          {Doctor.NextOpenSlot}
         order by page.number, page.text, page.id
        """;
}

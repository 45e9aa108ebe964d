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

/// <summary>The directory: who may be seen, by what they are called, do and charge, and when they are free.</summary>
/// <remarks>
/// Four ways to read it, each for what it costs with ten thousand doctors (docs/decisions/0201-directory.md). Words are
/// looked
/// up and the few found are sorted; without words an index already is the order; soonest walks the open slots of all
/// doctors
/// from now on, and only when that yields too few asks every doctor for their next.
/// A doctor whose next slot is booked between two pages moves in the order of soonest, and may come twice or not at
/// all.
/// </remarks>
static class ListDoctors
{
    /// <param name="Q">Words of the name, specialization, languages or description, spelt roughly.</param>
    /// <param name="Specialization">Words of the specialization alone.</param>
    /// <param name="Language">A BCP 47 code or the name of a language.</param>
    /// <param name="MaxFeeMinor">Who names no fee is left out.</param>
    /// <param name="Currency">Fees are compared as numbers; this leaves those in one currency.</param>
    /// <param name="AvailableOn">A date in the doctor's own zone on which a slot is open.</param>
    /// <param name="Sort">relevance (the default with q), name (the default without), soonest, fee or
    /// experience.</param>
    public sealed record Filters(
        string? Q, string? Specialization, string? Language, [FromQuery(Name = "max_fee_minor")] int? MaxFeeMinor,
        string? Currency, [FromQuery(Name = "available_on")] string? AvailableOn, string? Sort);

    /// <summary>Where a page ended: what the list was sorted by, as a number and a text, and the doctor.</summary>
    sealed record Key(long Number, string Text, Guid Id)
    {
        public static readonly Key BeforeAll = new(long.MinValue, "", Guid.Empty);

        public bool HasOpenSlot => Number < long.MaxValue;

        /// <summary>The number as an instant: microseconds, which is what PostgreSQL keeps.</summary>
        public Instant At =>
            this == BeforeAll ? NodaConstants.UnixEpoch : Instant.FromUnixTimeTicks(Number * MicrosecondTicks);
    }

    sealed record Row(Doctor Doctor, Key Key);

    /// <summary>The filters, checked and in the form that is compared.</summary>
    sealed record Wanted(
        string? Q, string? Specialization, string? Language, int? MaxFeeMinor, string? Currency, LocalDate? On,
            string Sort);

    public const int MaxText = 200;
    const int MicrosecondTicks = 10;

    public static readonly string[] Sorts = ["relevance", "name", "soonest", "fee", "experience"];

    public static void Map(RouteGroupBuilder doctors) => doctors.MapGet("/", Handle)
        .AllowAnonymous().CachePublic().WithSummary("Find a doctor")
        .WithDescription("Open to all. Filters can be combined, and misspelt words are forgiven.")
        .WithProblems(PageQuery.NotACursor, CommonProblems.Invalid);

    static async Task<Results<Ok<Page<Doctor>>, ProblemHttpResult>> Handle(
        [AsParameters] Filters filters, [AsParameters] PageQuery asked, DoctorsShown shown,
        [FromKeyedServices(Database.ForLists)] NpgsqlDataSource db, CancellationToken ct)
    {
        var fields = new RequestValidation();
        var wanted = Check(fields, filters);
        if (fields.Wrong) return fields.Problem();
        var page = await asked.Open<Key>(ct);
        if (page.Refusal is { } refusal) return refusal;
        var rows = await Find(db, wanted, shown.VerifiedOnly, page.After ?? Key.BeforeAll, page.Fetch, ct);
        return TypedResults.Ok(page.Of(rows, row => row.Doctor, row => row.Key));
    }

    static Wanted Check(RequestValidation fields, Filters filters)
    {
        var words = fields.Text("q", filters.Q, MaxText);
        // Marks alone are nothing to look for.
        var q = words is not null && words.Any(char.IsLetterOrDigit) ? words : null;
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
        // Without words nobody is more relevant than another.
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
        return await statement.List(Read, ct);

        Statement Filtered(Statement find) => find.With(verifiedOnly).With(wanted.Language).With(wanted.MaxFeeMinor)
            .With(wanted.Currency).With(wanted.On).With(fetch);
    }

    static Row Read(NpgsqlDataReader row)
    {
        var doctor = Doctor.Read(row);
        return new(doctor, new(row.GetInt64(12), row.GetString(13), doctor.Id));
    }

    // Every statement: $1 to $5 are the filters, $6 how many rows, and from $7 on what it alone needs.
    // The day is the doctor's own, so it is compared in the doctor's zone; the instants around it only narrow the
    // index.
    // A day on which nobody is free is seen at the first look, before every doctor is asked.
    const string AroundTheDay = """
        s.starts_at > now() and s.starts_at >= ($5 - 1)::timestamp at time zone 'UTC'
        and s.starts_at < ($5 + 2)::timestamp at time zone 'UTC'
        """;

    const string Matches = $"""
        {Doctor.IsVerified}
        and ($2::text is null or d.languages @> array[$2])
        and ($3::int is null or d.fee_minor <= $3)
        and ($4::text is null or d.currency = $4)
        and ($5::date is null or (
            exists (select from scheduling.open_slots s where {AroundTheDay})
            and exists (
                select from scheduling.open_slots s
                 where s.doctor_id = d.id and {AroundTheDay} and (s.starts_at at time zone d.time_zone)::date = $5)))
        """;

    const string FindByName = $"""
        select {Doctor.Columns}, 0::bigint, lower(d.full_name)
          from (select * from doctors.profiles d
                 where (lower(d.full_name), d.id) > ($7::text, $8::uuid) and {Matches} and {Doctor.MayPractise}
                 order by lower(d.full_name), d.id limit $6) d
          {Doctor.NextOpenSlot}
         order by lower(d.full_name), d.id
        """;

    const string FindByFee = $"""
        select {Doctor.Columns}, coalesce(d.fee_minor, 2147483647)::bigint, ''
          from (select * from doctors.profiles d
                 where (coalesce(d.fee_minor, 2147483647), d.id) > ($7::bigint, $8::uuid)
                   and {Matches} and {Doctor.MayPractise}
                 order by coalesce(d.fee_minor, 2147483647), d.id limit $6) d
          {Doctor.NextOpenSlot}
         order by coalesce(d.fee_minor, 2147483647), d.id
        """;

    const string FindByExperience = $"""
        select {Doctor.Columns}, -d.experience::bigint, ''
          from (select * from doctors.profiles d
                 where ((-d.experience), d.id) > ($7::bigint, $8::uuid) and {Matches} and {Doctor.MayPractise}
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
         where {Matches} and {Doctor.MayPractise}
           and ($9::text is null or d.search @@ (select doctors.query_of($9, 'B')))
           and not exists (
               select from scheduling.open_slots earlier
                where earlier.doctor_id = next.doctor_id
                  and earlier.starts_at > now() and earlier.starts_at < next.starts_at)
         order by next.starts_at, next.doctor_id limit $6
        """;

    // Who has no open slot comes after all who have.
    const string FindSoonest = $"""
        select {Doctor.Columns}, page.key, ''
          from (select d.id, d.key
                  from (select d.id, coalesce((extract(epoch from next.starts_at) * 1000000)::bigint,
                                              9223372036854775807) as key
                          from doctors.profiles d {Doctor.NextOpenSlot}
                         where {Matches}
                         order by key, d.id) d
                 where (d.key, d.id) > ($7::bigint, $8::uuid) and {Doctor.MayPractise}
                 order by d.key, d.id limit $6) page
          join doctors.profiles d on d.id = page.id
          {Doctor.NextOpenSlot}
         order by page.key, page.id
        """;

    // Words as they were typed count twice, so that they stand before what only sounds or looks like them.
    const string FindByWords = $"""
        with words as materialized (
            select doctors.query_of($10::text, '') as q, doctors.query_of($11::text, 'B') as specialization,
                   plainto_tsquery('simple', doctors.folded($10)) as as_typed),
        found as (
            select d.id, case $12::text
                       when 'soonest' then
                           coalesce((extract(epoch from soonest.starts_at) * 1000000)::bigint, 9223372036854775807)
                       when 'fee' then coalesce(d.fee_minor, 2147483647)
                       when 'experience' then -d.experience
                       when 'relevance' then
                           -((ts_rank(d.search, words.q) + ts_rank(d.search, words.as_typed)) * 1000000)::bigint
                       else 0 end as number,
                   case $12 when 'name' then lower(d.full_name) else '' end as text
              from words
              join doctors.profiles d
                on d.search @@ coalesce(words.q && words.specialization, words.q, words.specialization)
              left join lateral (
                  select s.starts_at from scheduling.open_slots s
                   where $12 = 'soonest' and s.doctor_id = d.id and s.starts_at > now()
                   order by s.starts_at limit 1) soonest on true
             where {Matches}
             order by number, text, d.id),
        page as (
            select * from found d
             where (d.number, d.text, d.id) > ($7::bigint, $8::text, $9::uuid) and {Doctor.MayPractise}
             order by d.number, d.text, d.id limit $6)
        select {Doctor.Columns}, page.number, page.text
          from page
          join doctors.profiles d on d.id = page.id
          {Doctor.NextOpenSlot}
         order by page.number, page.text, page.id
        """;
}

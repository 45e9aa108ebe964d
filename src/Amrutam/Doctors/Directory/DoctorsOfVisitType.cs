using Amrutam.Doctors.Profiles;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Contracts;
using NodaTime;
using Npgsql;

namespace Amrutam.Doctors.Directory;

/// <summary>Finds the doctors who offer a kind of visit, with its price and the first slot at which it fits.</summary>
/// <remarks>The calendar answers who offers the kind and when it fits, and the directory filters and sorts those
/// doctors. Fees are those of the kind. The cost grows with the number of doctors who offer it.</remarks>
sealed class DoctorsOfVisitType([FromKeyedServices(Database.ForLists)] NpgsqlDataSource db, VisitsOnOffer visits)
{
    // Beyond every slot, and within PostgreSQL's years.
    static readonly Instant Never = Instant.FromUtc(9000, 1, 1, 0, 0);

    /// <param name="after">The end of the page before.</param>
    public async Task<List<ListDoctors.Row>> Find(Guid type, ListDoctors.Wanted wanted, bool verifiedOnly,
        ListDoctors.Key after, int fetch, CancellationToken ct)
    {
        var offers = (await visits.Of(type, ct)).ToDictionary(offer => offer.Doctor);
        if (wanted.On is { } day)
        {
            var free = await visits.FirstSlots(type, [.. offers.Values.Select(offer => Day(offer, day))], ct);
            offers = offers.Where(offer => free.ContainsKey(offer.Key)).ToDictionary();
        }
        var next = wanted.Sort == "soonest" ? await Next(offers.Keys) : null;
        var rows = await Page(offers, next, wanted, verifiedOnly, after, fetch, ct);
        next ??= await Next(rows.Select(row => row.Doctor.Id));
        return rows.ConvertAll(row => row with
        {
            Doctor = row.Doctor with
            {
                VisitType = offers[row.Doctor.Id].VisitType,
                NextOpenSlotAt = next.TryGetValue(row.Doctor.Id, out var at) ? at : null,
            },
        });

        Task<Dictionary<Guid, Instant>> Next(IEnumerable<Guid> doctors) => visits.FirstSlots(type,
            [.. doctors.Select(doctor => (doctor, NodaConstants.UnixEpoch, Never))], ct);
    }

    static (Guid, Instant, Instant) Day(VisitsOnOffer.Offer offer, LocalDate day)
    {
        var zone = TimeZones.Zone(offer.Zone) ?? DateTimeZone.Utc;
        return (offer.Doctor, TimeZones.FirstAt(day.AtMidnight(), zone),
            TimeZones.FirstAt(day.PlusDays(1).AtMidnight(), zone));
    }

    Task<List<ListDoctors.Row>> Page(Dictionary<Guid, VisitsOnOffer.Offer> offers, Dictionary<Guid, Instant>? next,
        ListDoctors.Wanted wanted, bool verifiedOnly, ListDoctors.Key after, int fetch, CancellationToken ct) =>
        db.Statement(Select).With(verifiedOnly).With(wanted.Language).With(wanted.MaxFeeMinor).With(wanted.Currency)
            .With(offers.Keys.ToArray()).With(fetch).With(after.Number).With(after.Text).With(after.Id).With(wanted.Q)
            .With(wanted.Specialization).With(wanted.Sort)
            .With(offers.Values.Select(offer => offer.VisitType.FeeMinor).ToArray())
            .With(offers.Values.Select(offer => offer.VisitType.Currency).ToArray())
            .With(offers.Keys.Select(doctor => next?.TryGetValue(doctor, out var at) is true
                ? at.ToDateTimeUtc() : (DateTime?)null).ToArray())
            .Within(ListDoctors.MostSearch).List(ListDoctors.Read, ct);

    // $5 and $13 to $15 are the doctors, their prices and their next slots. The numbers of the others are those of
    // ListDoctors. The profiles are looked up one by one ("offset 0"), because few of many may offer a kind.
    const string Select = $"""
        with {ListDoctors.Words},
        found as (
            select d.id, case $12::text
                       when 'soonest' then
                           coalesce((extract(epoch from o.next_at) * 1000000)::bigint, 9223372036854775807)
                       when 'fee' then coalesce(o.fee_minor, 2147483647)
                       when 'experience' then -d.experience
                       when 'relevance' then {ListDoctors.Relevance}
                       else 0 end as number,
                   case $12 when 'name' then lower(d.full_name) else '' end as text
              from words
             cross join unnest($5::uuid[], $13::int[], $14::text[], $15::timestamptz[])
                        as o (doctor_id, fee_minor, currency, next_at)
             cross join lateral (
                select p.* from doctors.shown_profiles($1) p where p.id = o.doctor_id offset 0) d
             where (($10 is null and $11 is null) or d.search @@ (select wanted from words))
               and ($2::text is null or d.languages @> array[$2])
               and ($3::int is null or o.fee_minor <= $3)
               and ($4::text is null or o.currency = $4)),
        page as (
            select * from found d
             where (d.number, d.text, d.id) > ($7::bigint, $8::text, $9::uuid) and {Doctor.IsBookable}
             order by d.number, d.text, d.id limit $6)
        select {Doctor.Columns}, page.number, page.text
          from page
          join doctors.profiles d on d.id = page.id
         cross join (select null::timestamptz as starts_at) next
         order by page.number, page.text, page.id
        """;
}

using Amrutam.Doctors.Profiles;
using Amrutam.Scheduling.Contracts;
using Npgsql;

namespace Amrutam.Doctors.Directory;

/// <summary>The statement that finds the doctors who offer a kind of visit, with its price and the first slot at which
/// it fits.</summary>
/// <remarks>Fees are compared and sorted by the price of the kind. All doctors of the kind are looked up and sorted, so
/// the cost grows with their number and not with the directory.</remarks>
static class DoctorsOfVisitType
{
    /// <summary>The doctor with the kind, and the columns after <see cref="Doctor.Columns"/> and the key.</summary>
    public static Doctor Read(NpgsqlDataReader row) => Doctor.Read(row) with
    {
        VisitType = VisitTypeCopy.Read(row.GetString(Doctor.ColumnCount + 2)),
    };

    const string Fits = "exists (select from scheduling.visit_that_fits(s.id, s.doctor_id, s.starts_at, s.ends_at, $13,"
        + " null, null))";

    const string NextSlot = $"""
        select s.starts_at from scheduling.open_slots s
         where s.doctor_id = d.id and s.starts_at > now() and {Fits}
         order by s.starts_at limit 1
        """;

    // $1 to $6 are those of ListDoctors; then the key ($7 to $9), the words, the specialization, the sort and the kind.
    // The profiles are looked up one by one ("offset 0"), because few doctors of many may offer a kind.
    public const string Find = $"""
        with {ListDoctors.Words},
        found as (
            select d.id, case $12::text
                       when 'soonest' then
                           coalesce((extract(epoch from soonest.starts_at) * 1000000)::bigint, 9223372036854775807)
                       when 'fee' then coalesce(o.fee_minor, 2147483647)
                       when 'experience' then -d.experience
                       when 'relevance' then {ListDoctors.Relevance}
                       else 0 end as number,
                   case $12 when 'name' then lower(d.full_name) else '' end as text
              from words
              join scheduling.offered_visit_types o on o.id = $13::uuid
             cross join lateral (
                select p.* from doctors.shown_profiles($1) p where p.id = o.doctor_id offset 0) d
              left join lateral ({NextSlot}) soonest on $12 = 'soonest'
             where (($10 is null and $11 is null) or d.search @@ (select wanted from words))
               and ($2::text is null or d.languages @> array[$2])
               and ($3::int is null or o.fee_minor <= $3)
               and ($4::text is null or o.currency = $4)
               and ($5::jsonb is null or exists (
                    select from scheduling.open_slots s
                     where s.doctor_id = d.id and {ListDoctors.OnTheDay} and {Fits}))
             order by number, text, d.id),
        page as (
            select * from found d
             where (d.number, d.text, d.id) > ($7::bigint, $8::text, $9::uuid) and {Doctor.IsBookable}
             order by d.number, d.text, d.id limit $6)
        select {Doctor.Columns}, page.number, page.text, scheduling.copy_of_visit_type(o)::text
          from page
          join doctors.profiles d on d.id = page.id
          join scheduling.offered_visit_types o on o.doctor_id = d.id and o.id = $13
          left join lateral ({NextSlot}) next on true
         order by page.number, page.text, page.id
        """;
}

using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Doctors.Contracts;

/// <summary>Answers whether any doctor has a specialization, and which specializations of bookable doctors are near
/// it.</summary>
sealed class SpecializationLookup(NpgsqlDataSource db, DoctorsShown shown)
{
    // A misspelt word matches few specializations; the doctors of the first 200 profiles name them.
    const int Most = 5, ProfilesRead = 200;

    /// <param name="specialization">In any case of letters.</param>
    public Task<bool> Exists(string specialization) =>
        db.Statement(SelectExists).With(specialization).Value<bool>();

    /// <returns>At most 5 specializations, by the search's own measure of likeness.</returns>
    public Task<List<string>> Near(string specialization) =>
        db.Statement(SelectNear).With(specialization).With(shown.VerifiedOnly).With(Most).With(ProfilesRead)
            .List(row => row.GetString(0));

    const string SelectExists =
        "select exists (select from doctors.profiles where lower(specialization) = lower($1))";

    const string SelectNear = """
        select min(d.specialization)
          from (select d.id, d.specialization from doctors.shown_profiles($2) d
                 where d.search @@ (select doctors.query_of($1, 'B', $2)) limit $4) d
         where (select true from doctors.bookable_doctors($2) b where b.id = d.id)
         group by lower(d.specialization)
         order by public.similarity(lower(min(d.specialization)), lower($1)) desc, 1
         limit $3
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Patients.Privacy;

/// <summary>The personal data of an account's own record and of its dependants.</summary>
/// <remarks>Erasure empties the own record, and the records of dependants that no other account has. A consent stays
/// with its ids and its time, as the proof that it was given.</remarks>
sealed class PatientPersonalData : IPersonalData
{
    public IEnumerable<PersonalRows> Export(NpgsqlConnection connection, Guid person)
    {
        yield return new("patients", connection.Statement(ReadPatients).With(person));
        yield return new("consents", connection.Statement(ReadConsents).With(person));
    }

    public async Task Erase(NpgsqlConnection connection, Guid person)
    {
        await connection.Statement(EmptyRecords).With(person).Execute();
        await connection.Statement(DeleteLinks).With(person).Execute();
    }

    const string ReadPatients = """
        select (to_jsonb(p) - '{registered_by,merged_into}'::text[] || jsonb_build_object('relation', h.relation,
               'agreed_at', h.agreed_at))::text
          from patients.held_by($1) h join patients.patients p on p.id = h.patient_id
         order by p.created_at, p.id
        """;

    const string ReadConsents = """
        select (to_jsonb(c) - 'account_id')::text from patients.consents c where c.account_id = $1
         order by c.accepted_at, c.id
        """;

    const string EmptyRecords = """
        update patients.patients p
           set full_name = null, birth_date = null, age_years = null, age_said_on = null, sex = null, phone = null,
               city = null, language = null, emergency_name = null, emergency_phone = null, revision = revision + 1,
               updated_at = now()
          from patients.held_by($1) h
         where p.id = h.patient_id
           and not exists (
                select from patients.guardians g where g.patient_id = p.id and g.account_id <> $1)
        """;

    const string DeleteLinks = "delete from patients.guardians where account_id = $1";
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Doctors.Profiles;

/// <summary>A doctor's profile: exported whole; emptied and no longer listed after erasure.</summary>
sealed class ProfilePersonalData : IPersonalData
{
    public IEnumerable<PersonalRows> Export(NpgsqlConnection connection, Guid person) =>
        [new("doctor_profile", connection.Statement(ReadAll).With(person))];

    public Task Erase(NpgsqlConnection connection, Guid person) => connection.Statement(Empty).With(person).Execute();

    const string ReadAll = """
        select (to_jsonb(p)
            - '{search,language_names,changes,changes_since,registration_disputed}'::text[])::text
          from doctors.profiles p where id = $1
        """;

    const string Empty = """
        update doctors.profiles
           set full_name = 'Former doctor', bio = '', languages = '{}', language_names = '', fee_minor = null,
               registration_number = null, registration_council = null, pending = null, pending_since = null,
               verified_at = null, verification_note = null, updated_at = now()
         where id = $1
        """;
}

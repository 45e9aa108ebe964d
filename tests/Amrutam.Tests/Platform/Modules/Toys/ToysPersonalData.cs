using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Tests.Platform.Modules.Toys;

/// <summary>A person's toys.</summary>
sealed class ToysPersonalData : IPersonalData
{
    public IEnumerable<PersonalRows> Export(NpgsqlConnection connection, Guid person) =>
        [new("toys", connection.Statement(ReadAll).With(person))];

    public Task Erase(NpgsqlConnection connection, Guid person) => connection.Statement(Delete).With(person).Execute();

    const string ReadAll = "select to_jsonb(t)::text from toys.toys t where owner_id = $1";

    const string Delete = "delete from toys.toys where owner_id = $1";
}

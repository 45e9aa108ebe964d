using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Notifications;

/// <summary>A person's calendar feeds. They stop while the account is closed, and are deleted with its data.</summary>
sealed class NotificationsPersonalData : IPersonalData
{
    public IEnumerable<PersonalRows> Export(NpgsqlConnection connection, Guid person)
    {
        yield return new("calendar_feeds", connection.Statement(Feeds).With(person));
    }

    public Task Erase(NpgsqlConnection connection, Guid person) => connection.Statement(Delete).With(person).Execute();

    const string Feeds = """
        select (to_jsonb(f) - 'token_hash')::text from notifications.calendar_feeds f where account_id = $1
         order by created_at
        """;

    const string Delete = "delete from notifications.calendar_feeds where account_id = $1";
}

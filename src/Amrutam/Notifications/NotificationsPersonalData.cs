using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Notifications;

/// <summary>A person's calendar feeds, wishes and messages. Feeds and messages stop while the account is closed, and
/// everything is deleted with its data.</summary>
sealed class NotificationsPersonalData : IPersonalData
{
    public IEnumerable<PersonalRows> Export(NpgsqlConnection connection, Guid person)
    {
        yield return new("calendar_feeds", connection.Statement(Feeds).With(person));
        yield return new("message_preferences", connection.Statement(Preferences).With(person));
        yield return new("messages", connection.Statement(Messages).With(person));
    }

    public Task Erase(NpgsqlConnection connection, Guid person) => connection.Statement(Delete).With(person).Execute();

    const string Feeds = """
        select (to_jsonb(f) - 'token_hash')::text from notifications.calendar_feeds f where account_id = $1
         order by created_at
        """;

    const string Preferences = "select to_jsonb(p)::text from notifications.preferences p where account_id = $1";

    const string Messages = """
        select (to_jsonb(m) - 'event_position')::text from notifications.messages m where account_id = $1
         order by created_at
        """;

    const string Delete = """
        with f as (delete from notifications.calendar_feeds where account_id = $1),
        p as (delete from notifications.preferences where account_id = $1)
        delete from notifications.messages where account_id = $1
        """;
}

using System.Buffers.Text;
using System.Security.Cryptography;
using Amrutam.Identity.Contracts;
using Amrutam.Notifications.Preferences;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Notifications.Contracts;

/// <summary>The link that turns a person's reminders off without sign-in.</summary>
/// <remarks>Its token is the account's id, encrypted. So it needs no row, and it works while this installation has the
/// key. It turns off what the person can turn on again, and nothing else.</remarks>
sealed class Unsubscription(Secrets secrets, PublicAddress server, NpgsqlDataSource db)
{
    /// <summary>The route of the page, which mail programs send a form to.</summary>
    public const string Page = "/unsubscribe/{token}";

    const string Purpose = "unsubscribe";

    const int IdBytes = 16;

    public Uri Link(Guid account) => new(server.Url, Page.Replace("{token}", Token(account), StringComparison.Ordinal));

    string Token(Guid account) => Base64Url.EncodeToString(secrets.Encrypt(account.ToByteArray(), Purpose));

    /// <returns>The account that the token is for; null if this server did not make the token.</returns>
    public Guid? Find(string token)
    {
        try
        {
            return secrets.Decrypt(Base64Url.DecodeFromChars(token), Purpose) is { Length: IdBytes } id
                ? new Guid(id) : null;
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Turns the reminders off. A second time changes nothing.</summary>
    public Task TurnOff(Guid account) => db.Statement(Save).With(account).With(CommonProblems.Trace()).Execute();

    const string Save = $$"""
        with saved as (
            insert into notifications.preferences as p (account_id, language, quiet_from, quiet_until, reminders)
            select id, '{{MessagePreferences.English}}', '{{MessagePreferences.UsuallyQuietFrom}}',
                   '{{MessagePreferences.UsuallyQuietUntil}}', '{}'
              from identity.people where id = $1
            on conflict (account_id) do update set reminders = '{}', updated_at = now() where p.reminders <> '{}'
         returning account_id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
        select p.id, p.role, 'message_preferences.changed', 'account', p.id, $2
          from saved join identity.people p on p.id = saved.account_id
        """;
}

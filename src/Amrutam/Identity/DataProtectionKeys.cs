using System.Text;
using System.Xml.Linq;
using Amrutam.Platform;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Npgsql;

namespace Amrutam.Identity;

/// <summary>Keeps the keys of cookies and antiforgery tokens in the database, sealed, so that every replica reads every
/// cookie.</summary>
/// <remarks>The framework's interface is synchronous; it is called at start and once a day.</remarks>
sealed class DataProtectionKeys(NpgsqlDataSource db, SecretBox box) : IXmlRepository
{
    sealed record Stored(string Name, byte[] Sealed);

    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. Task.Run(() => db.Statement(Read).List(row => new Stored(row.GetString(0), row.GetFieldValue<byte[]>(1))))
            .GetAwaiter().GetResult()
            .Select(stored => XElement.Parse(Encoding.UTF8.GetString(box.Open(stored.Sealed, Purpose(stored.Name)))))];

    public void StoreElement(XElement element, string friendlyName)
    {
        var sealedKey = box.Seal(Encoding.UTF8.GetBytes(element.ToString(SaveOptions.DisableFormatting)),
            Purpose(friendlyName));
        Task.Run(() => db.Statement(Add).With(friendlyName).With(sealedKey).Execute()).GetAwaiter().GetResult();
    }

    static string Purpose(string name) => "data protection key " + name;

    const string Read = "select name, sealed from identity.data_protection_keys order by created_at";

    const string Add = """
        with added as (
            insert into identity.data_protection_keys (name, sealed) values ($1, $2) returning name)
        insert into audit.events (actor_role, action, entity, details)
        select 'system', 'data_protection_keys.added', 'data_protection_key', jsonb_build_object('name', name)
          from added
        """;
}

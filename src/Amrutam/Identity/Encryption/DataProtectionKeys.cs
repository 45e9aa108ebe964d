using System.Diagnostics;
using System.Text;
using System.Xml.Linq;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Telemetry;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Npgsql;

namespace Amrutam.Identity.Encryption;

/// <summary>Keeps the keys of cookies and antiforgery tokens in the database, so that every replica reads every
/// cookie.</summary>
/// <remarks>The framework's interface is synchronous; it is called at start and once a day.</remarks>
sealed class DataProtectionKeys(NpgsqlDataSource db) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. Task.Run(() => db.Statement(Read).List(row => row.GetString(0))).GetAwaiter().GetResult()
            .Select(XElement.Parse)];

    public void StoreElement(XElement element, string friendlyName)
    {
        // The framework makes the first key as the host starts, in nobody's trace.
        using var activity = Activity.Current is null ? Tracing.Begin("keep_data_protection_key") : null;
        var text = element.ToString(SaveOptions.DisableFormatting);
        Task.Run(() => db.Statement(Add).With(friendlyName).With(text).With(CommonProblems.Trace())
            .Execute()).GetAwaiter().GetResult();
    }

    const string Read = "select element from identity.data_protection_keys order by created_at";

    const string Add = """
        with added as (
            insert into identity.data_protection_keys (name, element) values ($1, $2) returning name)
        insert into audit.events (actor_role, action, entity, details, trace_id)
        select 'system', 'data_protection_keys.added', 'data_protection_key', jsonb_build_object('name', name), $3
          from added
        """;
}

/// <summary>Seals a key before it is stored.</summary>
sealed class SealKeys(SecretEncryption box) : IXmlEncryptor
{
    public const string Purpose = "data protection key";

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var sealedKey = box.Encrypt(Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting)),
            Purpose);
        return new(new XElement("sealed", Convert.ToBase64String(sealedKey)), typeof(OpenKeys));
    }
}

/// <summary>Opens it again. The framework finds this class by its name, which stands beside each stored key.</summary>
sealed class OpenKeys(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) =>
        XElement.Parse(Encoding.UTF8.GetString(services.GetRequiredService<SecretEncryption>()
            .Decrypt(Convert.FromBase64String(encryptedElement.Value), SealKeys.Purpose)));
}

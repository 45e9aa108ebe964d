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

/// <summary>Stores the keys of cookies and antiforgery tokens in the database, so that every replica reads every
/// cookie.</summary>
/// <remarks>The framework's interface is synchronous; it is called at start and once a day.</remarks>
sealed class DataProtectionKeys(NpgsqlDataSource db) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() =>
        [.. Task.Run(() => db.Statement(Read).List(row => row.GetString(0))).GetAwaiter().GetResult()
            .Select(XElement.Parse)];

    public void StoreElement(XElement element, string friendlyName)
    {
        // The framework creates the first key as the host starts, outside every trace.
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

/// <summary>Encrypts a data protection key before it is stored.</summary>
sealed class EncryptKeys(SecretEncryption encryption) : IXmlEncryptor
{
    public const string Purpose = "data protection key";

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var plaintext = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var ciphertext = Convert.ToBase64String(encryption.Encrypt(plaintext, Purpose));
        return new(new XElement("sealed", ciphertext), typeof(OpenKeys));
    }
}

/// <summary>Decrypts a data protection key.</summary>
/// <remarks>Each stored key names this class, so it cannot be renamed or moved.</remarks>
sealed class OpenKeys(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) =>
        XElement.Parse(Encoding.UTF8.GetString(services.GetRequiredService<SecretEncryption>()
            .Decrypt(Convert.FromBase64String(encryptedElement.Value), EncryptKeys.Purpose)));
}

using System.Xml.Linq;
using Amrutam.Identity.Encryption;
using Amrutam.Identity.SecondFactor;
using Amrutam.Identity.Tokens;
using Amrutam.Platform.Data;
using Amrutam.Platform.Modules;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Identity.Reencryption;

/// <summary>Registers the tables of Identity that hold encrypted secrets.</summary>
static class EncryptedTables
{
    public static void AddEncryptedTables(this ModuleBuilder module)
    {
        module.AddEncryptedSecrets<EncryptedSigningKeys>();
        module.AddEncryptedSecrets<EncryptedAuthenticators>();
        module.AddEncryptedSecrets<EncryptedDataProtectionKeys>();
    }
}

sealed class EncryptedSigningKeys : IEncryptedSecrets
{
    public string Table => "identity.signing_keys";

    public Task<List<EncryptedSecret>> Read(NpgsqlConnection connection, string after, int limit) =>
        connection.Statement(Select).With(after).With(limit).List(row => new EncryptedSecret(
            row.GetString(0), row.GetFieldValue<byte[]>(1), SigningKeys.Purpose(row.GetString(0))));

    public Task<int> Replace(NpgsqlConnection connection, EncryptedSecret secret, byte[] ciphertext) =>
        connection.Statement(Update).With(secret.Id).With(secret.Ciphertext).With(ciphertext).Execute();

    const string Select = "select kid, sealed from identity.signing_keys where kid > $1 order by kid limit $2";

    const string Update = "update identity.signing_keys set sealed = $3 where kid = $1 and sealed = $2";
}

sealed class EncryptedAuthenticators : IEncryptedSecrets
{
    public string Table => "identity.authenticators";

    public Task<List<EncryptedSecret>> Read(NpgsqlConnection connection, string after, int limit) =>
        connection.Statement(Select).With(after).With(limit).List(row => new EncryptedSecret(
            row.GetGuid(0).ToString(), row.GetFieldValue<byte[]>(1), Authenticators.Purpose(row.GetGuid(0))));

    public Task<int> Replace(NpgsqlConnection connection, EncryptedSecret secret, byte[] ciphertext) =>
        connection.Statement(Update).With(Guid.Parse(secret.Id)).With(secret.Ciphertext).With(ciphertext).Execute();

    const string Select = """
        select user_id, sealed from identity.authenticators
         where user_id > coalesce(nullif($1, ''), '00000000-0000-0000-0000-000000000000')::uuid
         order by user_id limit $2
        """;

    const string Update = "update identity.authenticators set sealed = $3 where user_id = $1 and sealed = $2";
}

/// <summary>The ciphertext is in base64 inside the XML that the framework stores for each key.</summary>
sealed class EncryptedDataProtectionKeys : IEncryptedSecrets
{
    public string Table => "identity.data_protection_keys";

    public async Task<List<EncryptedSecret>> Read(NpgsqlConnection connection, string after, int limit) =>
        await connection.Statement(Select).With(after).With(limit).List(row => new EncryptedSecret(
            row.GetString(0), Convert.FromBase64String(Encrypted(XElement.Parse(row.GetString(1))).Value),
            EncryptKeys.Purpose));

    public Task<int> Replace(NpgsqlConnection connection, EncryptedSecret secret, byte[] ciphertext) =>
        connection.Statement(Update).With(secret.Id).With(Convert.ToBase64String(secret.Ciphertext))
            .With(Convert.ToBase64String(ciphertext)).Execute();

    static XElement Encrypted(XElement key) => key.Descendants("sealed").Single();

    const string Select = """
        select name, element from identity.data_protection_keys
         where name > $1 and element like '%<sealed>%' order by name limit $2
        """;

    const string Update = """
        update identity.data_protection_keys set element = replace(element, $2, $3)
         where name = $1 and strpos(element, $2) > 0
        """;
}

using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Audit.Sealing;

/// <summary>The keys that sign seals, as secrets to encrypt again after a change of the key-encryption key.</summary>
sealed class EncryptedLogKeys : IEncryptedSecrets
{
    public string Table => "audit.seal_keys";

    public Task<List<EncryptedSecret>> Read(NpgsqlConnection connection, string after, int limit) =>
        connection.Statement(Select).With(after).With(limit).List(row => new EncryptedSecret(
            row.GetString(0), row.GetFieldValue<byte[]>(1), LogKeys.Purpose(row.GetString(0))));

    public Task<int> Replace(NpgsqlConnection connection, EncryptedSecret secret, byte[] ciphertext) =>
        connection.Statement(Update).With(secret.Id).With(secret.Ciphertext).With(ciphertext).Execute();

    const string Select = "select kid, sealed from audit.seal_keys where kid > $1 order by kid limit $2";

    const string Update = "update audit.seal_keys set sealed = $3 where kid = $1 and sealed = $2";
}

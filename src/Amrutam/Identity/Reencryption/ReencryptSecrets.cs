using System.Security.Cryptography;
using Amrutam.Identity.Encryption;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Identity.Reencryption;

/// <summary>Encrypts every secret in the database with the present key-encryption key, so that the former key can be
/// deleted: <c>keys reseal</c>.</summary>
/// <remarks>
/// It works row by row while the servers run: each has both keys and decrypts with either. A row that changed since it
/// was read is left alone. The command is idempotent, so an interrupted run is repeated.
/// </remarks>
sealed class ReencryptSecrets(Database database, SecretEncryption encryption, IEnumerable<IEncryptedSecrets> tables)
{
    // A page of rows; the loop over pages ends with the table.
    const int AtOnce = 200;

    /// <param name="Reencrypted">The number of secrets that had another key.</param>
    /// <param name="Unreadable">The number of secrets that no given key decrypts; they are unchanged.</param>
    public sealed record Done(string Table, int Reencrypted, int Unreadable);

    public async Task<List<Done>> Run()
    {
        await using var connection = new NpgsqlConnection(database.Owner);
        await connection.OpenAsync(CancellationToken.None);
        var done = new List<Done>();
        foreach (var table in tables) done.Add(await Run(connection, table));
        await connection.Statement(AppendEvent).With(done.Sum(d => d.Reencrypted)).With(done.Sum(d => d.Unreadable))
            .With(CommonProblems.Trace()).Execute();
        return done;
    }

    async Task<Done> Run(NpgsqlConnection connection, IEncryptedSecrets table)
    {
        var (reencrypted, unreadable, after) = (0, 0, "");
        List<EncryptedSecret> page;
        do
        {
            page = await table.Read(connection, after, AtOnce);
            foreach (var secret in page)
            {
                after = secret.Id;
                if (encryption.IsOfCurrentKey(secret.Ciphertext, secret.Purpose)) continue;
                if (Decrypt(secret) is { } plain)
                    reencrypted += await table.Replace(connection, secret, encryption.Encrypt(plain, secret.Purpose));
                else unreadable++;
            }
        }
        while (page.Count == AtOnce);
        return new(table.Table, reencrypted, unreadable);
    }

    byte[]? Decrypt(EncryptedSecret secret)
    {
        try
        {
            return encryption.Decrypt(secret.Ciphertext, secret.Purpose);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    const string AppendEvent = """
        insert into audit.events (actor_role, action, entity, details, trace_id)
        values ('operator', 'secrets.resealed', 'secret',
                jsonb_build_object('resealed', $1::int, 'unreadable', $2::int), $3)
        """;
}

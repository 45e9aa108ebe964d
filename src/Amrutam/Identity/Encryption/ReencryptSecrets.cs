using System.Security.Cryptography;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Identity.Encryption;

/// <summary>Seals every secret in the database with the present key-encryption key, so that the former one can be
/// forgotten: <c>keys reseal</c>.</summary>
/// <remarks>
/// Row by row, while the servers go on: each has both keys, and opens either. A row is replaced only as it was read.
/// Doing it again does no harm, so a run that was cut short is simply repeated.
/// </remarks>
sealed class ReencryptSecrets(Database database, SecretEncryption box, IEnumerable<IEncryptedSecrets> tables)
{
    // A page of rows; the loop over pages ends with the table.
    const int AtOnce = 200;

    /// <param name="Resealed">Those that another key had sealed.</param>
    /// <param name="Unreadable">Those that no given key opens; they were left as they are.</param>
    public sealed record Done(string Table, int Resealed, int Unreadable);

    public async Task<List<Done>> Run()
    {
        await using var connection = new NpgsqlConnection(database.Owner);
        await connection.OpenAsync(CancellationToken.None);
        var done = new List<Done>();
        foreach (var table in tables) done.Add(await Run(connection, table));
        await connection.Statement(Tell).With(done.Sum(d => d.Resealed)).With(done.Sum(d => d.Unreadable))
            .With(CommonProblems.Trace()).Execute();
        return done;
    }

    async Task<Done> Run(NpgsqlConnection connection, IEncryptedSecrets table)
    {
        var (resealed, unreadable, after) = (0, 0, "");
        List<EncryptedSecret> page;
        do
        {
            page = await table.Read(connection, after, AtOnce);
            foreach (var secret in page)
            {
                after = secret.Id;
                if (box.IsOfCurrentKey(secret.Box, secret.Purpose)) continue;
                if (Open(secret) is { } plain)
                    resealed += await table.Replace(connection, secret, box.Encrypt(plain, secret.Purpose));
                else unreadable++;
            }
        }
        while (page.Count == AtOnce);
        return new(table.Table, resealed, unreadable);
    }

    byte[]? Open(EncryptedSecret secret)
    {
        try
        {
            return box.Decrypt(secret.Box, secret.Purpose);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    const string Tell = """
        insert into audit.events (actor_role, action, entity, details, trace_id)
        values ('operator', 'secrets.resealed', 'secret',
                jsonb_build_object('resealed', $1::int, 'unreadable', $2::int), $3)
        """;
}

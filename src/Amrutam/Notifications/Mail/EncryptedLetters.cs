using Amrutam.Notifications.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Privacy;
using Npgsql;

namespace Amrutam.Notifications.Mail;

/// <summary>The letters that wait, for encryption with a new key.</summary>
sealed class EncryptedLetters : IEncryptedSecrets
{
    public string Table => "notifications.outgoing_mails";

    public Task<List<EncryptedSecret>> Read(NpgsqlConnection connection, string after, int limit) =>
        connection.Statement(Select).With(after).With(limit).List(row => new EncryptedSecret(
            row.GetGuid(0).ToString(), row.GetFieldValue<byte[]>(1), LetterQueue.Purpose));

    public Task<int> Replace(NpgsqlConnection connection, EncryptedSecret secret, byte[] ciphertext) =>
        connection.Statement(Update).With(Guid.Parse(secret.Id)).With(secret.Ciphertext).With(ciphertext).Execute();

    const string Select = """
        select id, sealed from notifications.outgoing_mails
         where id > coalesce(nullif($1, ''), '00000000-0000-0000-0000-000000000000')::uuid
         order by id limit $2
        """;

    const string Update = "update notifications.outgoing_mails set sealed = $3 where id = $1 and sealed = $2";
}

using Npgsql;

namespace Amrutam.Identity.Contracts;

/// <summary>An encrypted secret of a table.</summary>
/// <param name="Id">The key of its row, as text.</param>
/// <param name="Ciphertext">The encrypted secret.</param>
/// <param name="Purpose">The purpose that it was encrypted for; decryption needs the same one.</param>
sealed record EncryptedSecret(string Id, byte[] Ciphertext, string Purpose);

/// <summary>The encrypted secrets of one table, to encrypt them again after a change of the key-encryption
/// key.</summary>
/// <remarks>Each module implements it for its own tables. It runs on the owner's connection.</remarks>
interface IEncryptedSecrets
{
    /// <summary>The table, as <c>identity.signing_keys</c>.</summary>
    string Table { get; }

    /// <summary>Reads secrets in the order of their ids, after the given id.</summary>
    Task<List<EncryptedSecret>> Read(NpgsqlConnection connection, string after, int limit);

    /// <summary>Stores the new ciphertext, if the row still has the old one.</summary>
    /// <returns>The number of changed rows.</returns>
    Task<int> Replace(NpgsqlConnection connection, EncryptedSecret secret, byte[] ciphertext);
}

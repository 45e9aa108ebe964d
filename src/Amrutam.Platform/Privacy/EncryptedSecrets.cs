using Npgsql;

namespace Amrutam.Platform.Privacy;

/// <summary>An encrypted secret of a table.</summary>
/// <param name="Id">The key of its row, as text.</param>
/// <param name="Ciphertext">The ciphertext.</param>
/// <param name="Purpose">The purpose that it was encrypted for. It decrypts for no other.</param>
sealed record EncryptedSecret(string Id, byte[] Ciphertext, string Purpose);

/// <summary>The encrypted secrets of one table, for encryption with a new key-encryption key.</summary>
/// <remarks>A module declares one for each of its tables. It runs on the owner's connection, because the server's role
/// may not replace secrets.</remarks>
interface IEncryptedSecrets
{
    /// <summary>The table, as <c>identity.signing_keys</c>.</summary>
    string Table { get; }

    /// <summary>At most <paramref name="limit"/> secrets with keys after <paramref name="after"/>, in the order of
    /// keys.</summary>
    Task<List<EncryptedSecret>> Read(NpgsqlConnection connection, string after, int limit);

    /// <summary>Replaces the ciphertext, unless another session has replaced it.</summary>
    /// <returns>The number of rows changed.</returns>
    Task<int> Replace(NpgsqlConnection connection, EncryptedSecret secret, byte[] ciphertext);
}

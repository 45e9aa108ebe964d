using Npgsql;

namespace Amrutam.Identity.Contracts;

/// <summary>A secret as it stands sealed in a table.</summary>
/// <param name="Id">Its row's key, as text.</param>
/// <param name="Purpose">What it was sealed for; it opens for nothing else.</param>
sealed record EncryptedSecret(string Id, byte[] Box, string Purpose);

/// <summary>The sealed secrets of one table, so that they can be sealed again when the key-encryption key
/// changes.</summary>
/// <remarks>Each module answers for its own tables. It runs on the owner's connection, as the operator's
/// act.</remarks>
interface IEncryptedSecrets
{
    /// <summary>The table, as <c>identity.signing_keys</c>.</summary>
    string Table { get; }

    /// <summary>Those in the order of their keys, after the given one.</summary>
    Task<List<EncryptedSecret>> Read(NpgsqlConnection connection, string after, int limit);

    /// <summary>Puts the new box in the place of the old one, unless somebody replaced that one meanwhile.</summary>
    Task<int> Replace(NpgsqlConnection connection, EncryptedSecret secret, byte[] box);
}

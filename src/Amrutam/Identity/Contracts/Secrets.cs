using Amrutam.Identity.Encryption;

namespace Amrutam.Identity.Contracts;

/// <summary>Encrypts another module's secrets with the key-encryption key, which is not in the database.</summary>
sealed class Secrets(SecretEncryption encryption)
{
    /// <param name="purpose">The purpose of the secret; decryption needs the same one.</param>
    public byte[] Encrypt(ReadOnlySpan<byte> secret, string purpose) => encryption.Encrypt(secret, purpose);

    /// <exception cref="System.Security.Cryptography.CryptographicException">The ciphertext has another key or purpose,
    /// or was changed.</exception>
    public byte[] Decrypt(ReadOnlySpan<byte> ciphertext, string purpose) => encryption.Decrypt(ciphertext, purpose);
}

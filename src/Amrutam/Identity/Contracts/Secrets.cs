using Amrutam.Identity.Encryption;

namespace Amrutam.Identity.Contracts;

/// <summary>Seals another module's secrets with the key that is not in the database.</summary>
sealed class Secrets(SecretEncryption box)
{
    /// <param name="purpose">What it is for; it opens for nothing else.</param>
    public byte[] Seal(ReadOnlySpan<byte> secret, string purpose) => box.Encrypt(secret, purpose);

    /// <exception cref="System.Security.Cryptography.CryptographicException">It was sealed with another key, for
    /// another purpose, or was changed.</exception>
    public byte[] Open(ReadOnlySpan<byte> sealedSecret, string purpose) => box.Decrypt(sealedSecret, purpose);
}

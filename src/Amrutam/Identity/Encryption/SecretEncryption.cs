using System.Security.Cryptography;
using System.Text;
using Amrutam.Platform.Data;
using Amrutam.Platform.Operations;

namespace Amrutam.Identity.Encryption;

/// <summary>Encrypts small secrets for the database with AES-256-GCM. The key is not in the database.</summary>
/// <remarks>The purpose of a secret is authenticated data, so one ciphertext cannot replace another. Decryption tries
/// each key: there are few, and the tag shows which one fits.</remarks>
/// <param name="key">Encrypts and decrypts.</param>
/// <param name="others">Decrypt only.</param>
sealed class SecretEncryption(byte[] key, params byte[][] others)
{
    const string FileName = "key-encryption-key";
    const int KeyBytes = 32;
    static readonly int NonceBytes = AesGcm.NonceByteSizes.MaxSize, TagBytes = AesGcm.TagByteSizes.MaxSize;

    public byte[] Encrypt(ReadOnlySpan<byte> secret, string purpose)
    {
        var ciphertext = new byte[NonceBytes + secret.Length + TagBytes];
        RandomNumberGenerator.Fill(ciphertext.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(ciphertext.AsSpan(0, NonceBytes), secret, ciphertext.AsSpan(NonceBytes, secret.Length),
            ciphertext.AsSpan(NonceBytes + secret.Length), Encoding.UTF8.GetBytes(purpose));
        return ciphertext;
    }

    /// <exception cref="CryptographicException">The ciphertext has another key or purpose, or was changed.</exception>
    public byte[] Decrypt(ReadOnlySpan<byte> ciphertext, string purpose)
    {
        foreach (var one in others.Prepend(key))
            if (Decrypt(ciphertext, purpose, one) is { } secret) return secret;
        throw new CryptographicException("no key of this installation decrypts the secret");
    }

    /// <summary>Whether the present key encrypted the secret, so that it needs none of the others.</summary>
    public bool IsOfCurrentKey(ReadOnlySpan<byte> ciphertext, string purpose) =>
        Decrypt(ciphertext, purpose, key) is not null;

    static byte[]? Decrypt(ReadOnlySpan<byte> ciphertext, string purpose, byte[] with)
    {
        if (ciphertext.Length < NonceBytes + TagBytes) return null;
        var secret = new byte[ciphertext.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(with, TagBytes);
        try
        {
            aes.Decrypt(ciphertext[..NonceBytes], ciphertext[NonceBytes..^TagBytes], ciphertext[^TagBytes..], secret,
                Encoding.UTF8.GetBytes(purpose));
            return secret;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>Reads the keys of this installation: the given key and the given other keys. Without a given key it
    /// reads the file in the data directory, which the first start creates.</summary>
    /// <exception cref="StartupException">A given key is not 32 bytes in base64, or the file cannot be read or
    /// created.</exception>
    public static SecretEncryption OfInstallation(IdentitySettings settings, string directory)
    {
        var others = (settings.OtherKeyEncryptionKeys ?? "")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(other => Given(other, nameof(settings.OtherKeyEncryptionKeys))).ToArray();
        return settings.KeyEncryptionKey is { } given
            ? new(Given(given, nameof(settings.KeyEncryptionKey)), others)
            : new(OfFile(directory), others);
    }

    static byte[] Given(string base64, string setting) => Parse(base64)
        ?? throw new StartupException($"Setting Identity__{setting}: must be 32 bytes in base64.");

    static byte[] OfFile(string directory)
    {
        var file = Path.Combine(directory, FileName);
        try
        {
            if (!File.Exists(file)) Make(directory, file);
            return Parse(File.ReadAllText(file))
                ?? throw new StartupException($"The file {FileName} in the data directory is not 32 bytes in base64.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The key-encryption key cannot be read from or kept in the data directory ({e.Message}): "
                + "set Identity__KeyEncryptionKey.", e);
        }
    }

    static byte[]? Parse(string base64)
    {
        var bytes = new byte[KeyBytes];
        return Convert.TryFromBase64String(base64.Trim(), bytes, out var length) && length == KeyBytes ? bytes : null;
    }

    /// <summary>Creates the file. After two starts at once both read the same key.</summary>
    static void Make(string directory, string file)
    {
        DataSettings.Make(directory);
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));
        AtomicFile.Write(file, Encoding.ASCII.GetBytes(key), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}

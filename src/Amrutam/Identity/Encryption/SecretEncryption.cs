using System.Security.Cryptography;
using System.Text;
using Amrutam.Platform.Operations;

namespace Amrutam.Identity.Encryption;

/// <summary>Seals small secrets before they go into the database: AES-256-GCM with a key that is not in the
/// database.</summary>
/// <remarks>What a secret is for is authenticated with it, so that one sealed value cannot stand in another's place.
/// Which of several keys sealed it is found by trying: there are few, and the tag tells.</remarks>
/// <param name="key">Seals and opens.</param>
/// <param name="others">Open what they sealed, and seal nothing.</param>
sealed class SecretEncryption(byte[] key, params byte[][] others)
{
    const string FileName = "key-encryption-key";
    const int KeyBytes = 32;
    static readonly int NonceBytes = AesGcm.NonceByteSizes.MaxSize, TagBytes = AesGcm.TagByteSizes.MaxSize;

    public byte[] Encrypt(ReadOnlySpan<byte> secret, string purpose)
    {
        var box = new byte[NonceBytes + secret.Length + TagBytes];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(box.AsSpan(0, NonceBytes), secret, box.AsSpan(NonceBytes, secret.Length),
            box.AsSpan(NonceBytes + secret.Length),
            Encoding.UTF8.GetBytes(purpose));
        return box;
    }

    /// <exception cref="CryptographicException">It was sealed with another key, for another purpose, or was
    /// changed.</exception>
    public byte[] Decrypt(ReadOnlySpan<byte> box, string purpose)
    {
        foreach (var one in others.Prepend(key))
            if (Decrypt(box, purpose, one) is { } secret) return secret;
        throw new CryptographicException("no key of this installation opens the sealed secret");
    }

    /// <summary>Whether the key that seals now sealed it, so that the others are not needed for it.</summary>
    public bool IsOfCurrentKey(ReadOnlySpan<byte> box, string purpose) => Decrypt(box, purpose, key) is not null;

    static byte[]? Decrypt(ReadOnlySpan<byte> box, string purpose, byte[] with)
    {
        if (box.Length < NonceBytes + TagBytes) return null;
        var secret = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(with, TagBytes);
        try
        {
            aes.Decrypt(box[..NonceBytes], box[NonceBytes..^TagBytes], box[^TagBytes..], secret,
                Encoding.UTF8.GetBytes(purpose));
            return secret;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>The box of this installation: the given key, or the one in the data directory, made at first start; and
    /// the given others.</summary>
    /// <exception cref="StartupException">A given key is not 32 bytes in base64, or the file cannot be read or
    /// made.</exception>
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
                $"The key-encryption key cannot be kept in the data directory ({e.Message}); "
                + "set Identity__KeyEncryptionKey.", e);
        }
    }

    static byte[]? Parse(string base64)
    {
        var bytes = new byte[KeyBytes];
        return Convert.TryFromBase64String(base64.Trim(), bytes, out var length) && length == KeyBytes ? bytes : null;
    }

    /// <summary>Of two starts at once both read the same key afterwards, whichever made it.</summary>
    static void Make(string directory, string file)
    {
        Directory.CreateDirectory(directory);
        AtomicFile.Write(file, Encoding.ASCII.GetBytes(Convert.ToBase64String(
            RandomNumberGenerator.GetBytes(KeyBytes))),
            UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}

using System.Security.Cryptography;
using System.Text;
using Amrutam.Platform;

namespace Amrutam.Identity;

/// <summary>Seals small secrets before they go into the database: AES-256-GCM with a key that is not in the
/// database.</summary>
/// <remarks>What a secret is for is authenticated with it, so that one sealed value cannot stand in another's
/// place.</remarks>
sealed class SecretBox(byte[] key)
{
    const string FileName = "key-encryption-key";
    const int KeyBytes = 32;
    static readonly int NonceBytes = AesGcm.NonceByteSizes.MaxSize, TagBytes = AesGcm.TagByteSizes.MaxSize;

    public byte[] Seal(ReadOnlySpan<byte> secret, string purpose)
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
    public byte[] Open(ReadOnlySpan<byte> box, string purpose)
    {
        if (box.Length < NonceBytes + TagBytes) throw new CryptographicException("too short to be a sealed secret");
        var secret = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(box[..NonceBytes], box[NonceBytes..^TagBytes], box[^TagBytes..], secret,
            Encoding.UTF8.GetBytes(purpose));
        return secret;
    }

    /// <summary>The box of this installation: the given key, or the one in the data directory, made at first
    /// start.</summary>
    /// <exception cref="StartupException">The given key is not 32 bytes in base64, or the file cannot be read or
    /// made.</exception>
    public static SecretBox OfInstallation(string? given, string directory)
    {
        if (given is not null)
            return new(Parse(given)
            ?? throw new StartupException("Setting Identity__KeyEncryptionKey: must be 32 bytes in base64."));
        var file = Path.Combine(directory, FileName);
        try
        {
            if (!File.Exists(file)) Make(directory, file);
            return new(Parse(File.ReadAllText(file))
                ?? throw new StartupException($"The file {FileName} in the data directory is not 32 bytes in base64."));
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

    /// <summary>Written whole under another name first, then linked: of two starts at once both read the same
    /// key.</summary>
    static void Make(string directory, string file)
    {
        Directory.CreateDirectory(directory);
        var draft = Path.Combine(directory, Path.GetRandomFileName());
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new StreamWriter(draft, Encoding.ASCII, options)) stream.Write(
            Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes)));
        try
        {
            File.Move(draft, file, overwrite: false);
        }
        catch (IOException) when (File.Exists(file))
        {
            File.Delete(draft);
        }
    }
}

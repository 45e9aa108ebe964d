using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Amrutam.Identity.SecondFactor;

/// <summary>Time-based one-time passwords (RFC 6238) with the parameters of authenticator apps: SHA-1, six digits, 30
/// seconds.</summary>
static class Totp
{
    const int StepSeconds = 30, Digits = 6, SecretBytes = 20;

    // One step to either side: a phone's clock differs, and typing takes a while.
    const int Tolerance = 1;
    const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretBytes);

    /// <returns>The time step of the code; null if the code is not valid now.</returns>
    public static long? Step(byte[] secret, string code, DateTimeOffset now)
    {
        if (code.Length != Digits) return null;
        var current = now.ToUnixTimeSeconds() / StepSeconds;
        for (var step = current - Tolerance; step <= current + Tolerance; step++)
            if (CryptographicOperations.FixedTimeEquals(Bytes(Code(secret, step)), Bytes(code))) return step;
        return null;
    }

    // Authenticator apps use HMAC-SHA1. The weakness of SHA-1 is in collisions, on which HMAC does not depend.
#pragma warning disable CA5350
    public static string Code(byte[] secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        var mac = HMACSHA1.HashData(secret, counter);
        var number = BinaryPrimitives.ReadInt32BigEndian(mac.AsSpan(mac[^1] & 0x0F)) & 0x7FFFFFFF;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }
#pragma warning restore CA5350

    public static long StepAt(DateTimeOffset now) => now.ToUnixTimeSeconds() / StepSeconds;

    public static string Base32(ReadOnlySpan<byte> bytes)
    {
        var text = new System.Text.StringBuilder();
        for (var bit = 0; bit < bytes.Length * 8; bit += 5)
        {
            var value = 0;
            for (var b = bit; b < bit + 5; b++)
                value = value << 1 | (b / 8 < bytes.Length ? bytes[b / 8] >> (7 - b % 8) & 1 : 0);
            text.Append(Alphabet[value]);
        }
        return text.ToString();
    }

    /// <summary>The key URI that authenticator apps read.</summary>
    public static string Uri(byte[] secret, string email) =>
        $"otpauth://totp/Amrutam:{System.Uri.EscapeDataString(email)}?secret={Base32(secret)}&issuer=Amrutam"
        + $"&digits={Digits}&period={StepSeconds}";

    static byte[] Bytes(string code) => System.Text.Encoding.UTF8.GetBytes(code);
}

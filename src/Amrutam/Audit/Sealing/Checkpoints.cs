using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Amrutam.Platform.Operations;

namespace Amrutam.Audit.Sealing;

/// <summary>A seal outside the database: the signed text, and the lists that find a changed row.</summary>
/// <param name="Seal">The seal's text, byte for byte as it was signed.</param>
sealed record Checkpoint(string Seal, byte[] Signature, byte[] PublicKey, byte[] Leaves, long[] Positions)
{
    sealed record Body(long After, int Events, string Kid, long Number, string Root, long Through);

    readonly Body _body = JsonSerializer.Deserialize<Body>(Seal, Checkpoints.Json)
        ?? throw new JsonException("The seal is empty.");

    [JsonIgnore] public long Number => _body.Number;

    [JsonIgnore] public string Kid => _body.Kid;

    [JsonIgnore] public int Events => _body.Events;

    [JsonIgnore] public byte[] Root => Convert.FromHexString(_body.Root);

    [JsonIgnore] public long After => _body.After;

    [JsonIgnore] public long Through => _body.Through;
}

/// <summary>The folder of checkpoints: <c>000000/0000000042.json</c> is seal 42. A file is never replaced.</summary>
sealed class Checkpoints(string folder)
{
    // Keeps each folder quick to list.
    const int FilesInFolder = 10_000;

    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public string Folder => folder;

    /// <returns>False when the folder has another checkpoint of that number already.</returns>
    /// <remarks>If two replicas write the same checkpoint, one succeeds.</remarks>
    public bool Write(Seal seal, byte[] publicKey)
    {
        var checkpoint = new Checkpoint(seal.Text, seal.Signature, publicKey, seal.Leaves, seal.Positions);
        var path = PathOf(seal.Number);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (Read(path) is { } there) return there.Seal == seal.Text;
        return AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(checkpoint, Json))
            || Read(path)?.Seal == seal.Text;
    }

    public Checkpoint? Find(long number) => Read(PathOf(number));

    /// <summary>The highest number that the folder has; 0 when it has none.</summary>
    public long Newest()
    {
        if (!Directory.Exists(folder)) return 0;
        var files = Directory.EnumerateDirectories(folder).OrderByDescending(f => f, StringComparer.Ordinal)
            .SelectMany(f => Directory.EnumerateFiles(f, "*.json").OrderByDescending(n => n, StringComparer.Ordinal));
        foreach (var file in files)
            if (long.TryParse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture, out var number))
                return number;
        return 0;
    }

    /// <summary>Reads one file; null when it is not there.</summary>
    /// <exception cref="InvalidDataException">It is no checkpoint.</exception>
    public static Checkpoint? Read(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using var file = File.OpenRead(path);
            return JsonSerializer.Deserialize<Checkpoint>(file, Json);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new InvalidDataException($"{path} is not a checkpoint.", e);
        }
    }

    string PathOf(long number) => Path.Combine(folder,
        (number / FilesInFolder).ToString("D6", CultureInfo.InvariantCulture),
        number.ToString("D10", CultureInfo.InvariantCulture) + ".json");
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Amrutam.Platform.Http.Binding;

/// <summary>A part of a list, and the cursor that asks for the next; null at the end.</summary>
sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>Which part of a list a request asks for; a handler takes it with <c>[AsParameters]</c> and opens
/// it.</summary>
/// <remarks>
/// A cursor tells where the last page ended, by the values that the list is ordered by. It is encrypted under a key of
/// its own list: derived from the path, every filter, and on routes for signed-in callers the caller. So it can
/// neither be read nor changed, and with other filters or for another person it is not a cursor at all. No list can
/// forget to bind one.
/// </remarks>
/// <param name="Limit">How many items, 1 to 100; 20 when not given.</param>
/// <param name="Cursor">The <c>next_cursor</c> of the page before.</param>
readonly record struct PageQuery(
    [FromQuery(Name = PageQuery.LimitName)] int? Limit, [FromQuery(Name = PageQuery.CursorName)] string? Cursor,
        HttpContext Http, PageKey Key)
{
    public const int DefaultLimit = 20, MaxLimit = 100;
    public static readonly Problem NotACursor =
        new(400, "cursor_of_another_list", "The cursor is damaged, or was given for another list or person");
    const string LimitName = "limit", CursorName = "cursor";

    /// <typeparam name="TKey">The values that the list is ordered by, the last of them unique.</typeparam>
    public async ValueTask<OpenPage<TKey>> Open<TKey>(CancellationToken ct) where TKey : class
    {
        if (Limit is < 1 or > MaxLimit) return new(CommonProblems.Field(LimitName, $"must be from 1 to {MaxLimit}"));
        var seal = new PageSeal(await Key.Read(ct), Scope(Http));
        if (string.IsNullOrEmpty(Cursor)) return new(seal, null, Limit ?? DefaultLimit);
        return seal.Unseal<TKey>(Cursor) is { } after ? new(seal, after, Limit ?? DefaultLimit)
            : new(NotACursor.Because());
    }

    /// <summary>What makes this list another than every other: path, filters, and whose it is.</summary>
    static string Scope(HttpContext http)
    {
        var isForAll = http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        var filters = http.Request.Query.Where(q => q.Key is not (LimitName or CursorName))
            .OrderBy(q => q.Key, StringComparer.Ordinal)
            .SelectMany(q =>
                q.Value, (q, value) => Uri.EscapeDataString(q.Key) + "=" + Uri.EscapeDataString(value ?? ""));
        return $"{http.Request.Path}?{string.Join('&', filters)}#{(isForAll ? "" : CurrentUser.From(http).Id)}";
    }
}

/// <summary>A page that may be read: after which item, how many rows; or why not.</summary>
sealed class OpenPage<TKey> where TKey : class
{
    readonly PageSeal? _seal;
    readonly int _limit;

    public OpenPage(ProblemHttpResult refusal) => Refusal = refusal;

    public OpenPage(PageSeal seal, TKey? after, int limit) => (_seal, After, _limit) = (seal, after, limit);

    public ProblemHttpResult? Refusal { get; }

    /// <summary>The last item of the page before; null on the first page.</summary>
    public TKey? After { get; }

    /// <summary>How many rows to read: one more than are shown tells whether there is a next page.</summary>
    public int Fetch => _limit + 1;

    public Page<TItem> Of<TRow, TItem>(List<TRow> rows, Func<TRow, TItem> item, Func<TRow, TKey> key) =>
        rows.Count > _limit
        ? new([.. rows.Take(_limit).Select(item)], _seal!.Seal(key(rows[_limit - 1])))
        : new([.. rows.Select(item)], null);
}

/// <summary>Seals and opens the cursors of one list.</summary>
/// <remarks>Each list has its own key, so the random nonces of AES-GCM are far from ever meeting under one.</remarks>
sealed class PageSeal(byte[] key, string scope)
{
    const int NonceBytes = 12, TagBytes = 16;

    // Longer than the keys of any list; what is longer is not worth decoding.
    const int MaxLength = 2048;
    readonly byte[] _key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(scope));

    public string Seal<TKey>(TKey key)
    {
        var text = JsonSerializer.SerializeToUtf8Bytes(key, Json.Options);
        var sealedBytes = new byte[NonceBytes + TagBytes + text.Length];
        var nonce = sealedBytes.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_key, TagBytes);
        aes.Encrypt(nonce, text, sealedBytes.AsSpan(NonceBytes + TagBytes), sealedBytes.AsSpan(NonceBytes, TagBytes));
        return Base64Url.EncodeToString(sealedBytes);
    }

    /// <returns>The key in the cursor; null when this list did not seal it.</returns>
    public TKey? Unseal<TKey>(string cursor) where TKey : class
    {
        if (cursor.Length > MaxLength || !Base64Url.IsValid(cursor)) return null;
        var sealedBytes = Base64Url.DecodeFromChars(cursor).AsSpan();
        if (sealedBytes.Length <= NonceBytes + TagBytes) return null;
        var text = new byte[sealedBytes.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(_key, TagBytes);
        try
        {
            aes.Decrypt(sealedBytes[..NonceBytes], sealedBytes[(NonceBytes + TagBytes)..],
                sealedBytes[NonceBytes..][..TagBytes], text);
            return JsonSerializer.Deserialize<TKey>(text, Json.Options);
        }
        catch (Exception e) when (e is AuthenticationTagMismatchException or JsonException)
        {
            // JsonException: sealed by another version of the program, whose list had other keys.
            return null;
        }
    }
}

/// <summary>The secret under which cursors are sealed: one for all replicas, from the database they share.</summary>
sealed class PageKey(NpgsqlDataSource db)
{
    byte[]? _key;

    public async ValueTask<byte[]> Read(CancellationToken ct) =>
        _key ??= await db.Statement(ReadKey).Value<byte[]>(ct) ?? throw new InvalidOperationException(
            "platform.page_key is empty");

    const string ReadKey = "select key from platform.page_key";
}

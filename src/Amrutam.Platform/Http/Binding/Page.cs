using System.Security.Cryptography;
using System.Text.Json;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Amrutam.Platform.Http.Binding;

/// <summary>A part of a list, and the cursor that asks for the next part; null at the end.</summary>
sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>The part of a list that a request asks for. A handler takes it with <c>[AsParameters]</c> and opens
/// it.</summary>
/// <remarks> A cursor contains the place where the last page ended, as the values that the list is ordered by. Data
/// Protection encrypts it for the purpose of its own list: the path and every filter, and the caller on routes for
/// signed-in callers. So a client can neither read nor change it. With other filters or for another person it is no
/// cursor at all. Every list binds its cursors in this way. Every replica opens them, because the replicas share Data
/// Protection's keys. </remarks>
/// <param name="Limit">The number of items, 1 to 100; 20 if not given.</param>
/// <param name="Cursor">The <c>next_cursor</c> of the page before.</param>
readonly record struct PageQuery(
    [FromQuery(Name = PageQuery.LimitName)] int? Limit, [FromQuery(Name = PageQuery.CursorName)] string? Cursor,
        HttpContext Http, IDataProtectionProvider Protection)
{
    public const int DefaultLimit = 20, MaxLimit = 100;
    public static readonly Problem NotACursor =
        new(400, "cursor_of_another_list",
            "The cursor is damaged or of another list or person; begin without a cursor");
    const string LimitName = "limit", CursorName = "cursor", Purpose = "cursor of a list";

    /// <typeparam name="TKey">The values that the list is ordered by, the last of them unique.</typeparam>
    public OpenPage<TKey> Open<TKey>() where TKey : class
    {
        if (Limit is < 1 or > MaxLimit) return new(CommonProblems.Field(LimitName, $"must be from 1 to {MaxLimit}"));
        var seal = new PageSeal(Protection.CreateProtector(Purpose, Scope(Http)));
        if (string.IsNullOrEmpty(Cursor)) return new(seal, null, Limit ?? DefaultLimit);
        return seal.Unseal<TKey>(Cursor) is { } after ? new(seal, after, Limit ?? DefaultLimit)
            : new(NotACursor.Because());
    }

    /// <summary>The identity of this list: its path, its filters, and the person to whom it belongs.</summary>
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

/// <summary>A page that may be read, with the item before it and the number of rows; or the reason why not.</summary>
sealed class OpenPage<TKey> where TKey : class
{
    readonly PageSeal? _seal;
    readonly int _limit;

    public OpenPage(ProblemHttpResult refusal) => Refusal = refusal;

    public OpenPage(PageSeal seal, TKey? after, int limit) => (_seal, After, _limit) = (seal, after, limit);

    public ProblemHttpResult? Refusal { get; }

    /// <summary>The last item of the page before; null on the first page.</summary>
    public TKey? After { get; }

    /// <summary>The number of rows to read: one more than are shown, to see whether there is a next page.</summary>
    public int Fetch => _limit + 1;

    public Page<TItem> Of<TRow, TItem>(List<TRow> rows, Func<TRow, TItem> item, Func<TRow, TKey> key) =>
        rows.Count > _limit
        ? new([.. rows.Take(_limit).Select(item)], _seal!.Seal(key(rows[_limit - 1])))
        : new([.. rows.Select(item)], null);
}

/// <summary>Seals and opens the cursors of one list.</summary>
sealed class PageSeal(IDataProtector protector)
{
    // It is longer than the keys of any list. A longer cursor is not worth decoding.
    const int MaxLength = 2048;

    public string Seal<TKey>(TKey key) => protector.Protect(JsonSerializer.Serialize(key, Json.Options));

    /// <returns>The key in the cursor; null when this list did not seal it.</returns>
    public TKey? Unseal<TKey>(string cursor) where TKey : class
    {
        if (cursor.Length > MaxLength) return null;
        try
        {
            return JsonSerializer.Deserialize<TKey>(protector.Unprotect(cursor), Json.Options);
        }
        catch (Exception e) when (e is CryptographicException or JsonException)
        {
            // JsonException: another version of the program sealed it, for a list with other keys.
            return null;
        }
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Npgsql;

namespace Amrutam.Notifications.Contracts;

/// <summary>A calendar object in a letter.</summary>
/// <param name="Text">The object in UTF-8.</param>
/// <param name="Method">REQUEST or CANCEL.</param>
sealed record CalendarPart(byte[] Text, string Method);

/// <summary>A message to one person, in plain text.</summary>
sealed record Letter(string To, string Subject, string Text)
{
    /// <summary>The visit for the receiver's calendar, or null. A letter that waits in the queue has none.</summary>
    [JsonIgnore]
    public CalendarPart? Calendar { get; init; }

    /// <summary>The link that turns letters of this kind off; null for a kind that cannot be turned off.</summary>
    [JsonIgnore]
    public Uri? Unsubscribe { get; init; }
}

/// <summary>Queues letters. A letter is queued in the transaction that causes it, and sent after the commit.</summary>
/// <remarks>It is encrypted while it waits, because it may carry a token.</remarks>
sealed class LetterQueue(Secrets secrets)
{
    /// <summary>The purpose that letters are encrypted for.</summary>
    public const string Purpose = "outgoing mail";

    public Task Add(NpgsqlConnection connection, Letter letter) => connection.Statement(Insert)
        .With(Guid.CreateVersion7())
        .With(secrets.Encrypt(JsonSerializer.SerializeToUtf8Bytes(letter, Json.Options), Purpose)).Execute();

    const string Insert = "insert into notifications.outgoing_mails (id, sealed) values ($1, $2)";
}
